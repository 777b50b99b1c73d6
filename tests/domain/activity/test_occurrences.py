"""Specifications of what rules may ask of facts, whoever told them."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.activity.fields import declared
from domain.activity.occurrences import Fact, Knowing, Occurring, occurring
from domain.activity.vocabulary import Vocabulary
from domain.context.calendar import Calendar

SATURDAY_EVENING = datetime(2026, 10, 10, 12, 30, tzinfo=UTC)  # a make-up workday in China; 20:30 there
CATALOGUE = {"P-9": {"category": "茶叶", "brand": "狮峰", "price": 99.5}}
KNOWING = Knowing(
    zone=ZoneInfo("Asia/Shanghai"),
    fields=declared(),
    vocabulary=Vocabulary.load(),
    day=Calendar().day,
    product=lambda product_id: CATALOGUE.get(product_id, {}),
)


def seen(name: str, body: dict[str, Any], amount: int | None = None) -> Occurring:
    """A fact of the evening, as rules see it."""
    return occurring(Fact(7, SATURDAY_EVENING, name, "shop", amount, "CNY" if amount else None, body), KNOWING)


def by_tracker(**properties: Any) -> dict[str, Any]:
    """A body as the ingest of an SDK writes it."""
    context = {"library": {"name": "analytics.js"}, "os": {"name": "iOS"}, "page": {"path": "/tea"}}
    return {**properties, "$": {"message_id": "m-1", "received_at": "2026-10-10T12:30:00Z", "context": context}}


def test_a_receipt_is_one_event_and_an_item_a_line() -> None:
    """Files tell money in fen: what a line says is taken as it is, and the refund of it counts against it."""
    lines = [{"product_id": "P-1", "quantity": 2, "amount": 400, "discount": 50}, {"product_id": "P-9", "amount": 1000}]
    bought = seen("order.completed", {"order_id": "R-1", "store_id": 31, "products": lines}, amount=1400)
    assert [bought.event.fields.get(name) for name in ("amount", "net_amount", "orders")] == [1400, 1400, 1]
    assert [bought.event.fields.get(name) for name in ("store_id", "item_count")] == ["31", 2]
    first, second = (dict(item.fields) for item in bought.items)
    assert (first["amount"], first["quantity"], first["discount"], first["order_id"]) == (400, 2, 50, "R-1")
    assert (second["quantity"], second["category"], second["brand"]) == (1, "茶叶", "狮峰")
    returned = seen("order.refunded", {"products": lines}, amount=1400)
    assert (returned.event.fields.get("net_amount"), returned.event.fields.get("orders")) == (-1400, -1)
    assert returned.items[0].fields.get("net_amount") == -400


def test_what_a_tracker_tells_is_in_yuan() -> None:
    """A price of 19.9 is 1,990 fen, two pieces are 3,980, and an event about one product is an item of it."""
    added = seen("cart.item_added", by_tracker(product_id="P-1", price=19.9, quantity="2", category="咖啡"))
    assert (added.event.fields.get("price"), added.event.fields.get("category")) == (1990, "咖啡")
    (item,) = added.items
    assert (item.fields.get("amount"), item.fields.get("price")) == (3980, 1990)
    assert (item.fields.get("os"), item.fields.get("path"), item.fields.get("orders")) == ("iOS", "/tea", None)


def test_a_marketplace_tells_money_in_fen() -> None:
    """Its facts say so; those recorded before they did are known by their name in the message's id."""
    origin = {"message_id": "2100:order.completed", "received_at": "x"}
    for told in ({}, {"minor": True}):
        body = {"total": 1990, "discount": 100, "$": origin | told}
        assert seen("order.completed", body).event.fields.get("discount") == 100
    by_tracker = {"total": 19.9, "discount": 1, "$": origin | {"minor": False}}
    assert seen("order.completed", by_tracker).event.fields.get("discount") == 100


def test_time_is_that_of_the_zone() -> None:
    """Half past twelve UTC is evening in Shanghai, on a Saturday that is worked."""
    fields = seen("page.viewed", {}).event.fields
    asked = ("hour", "weekday", "day_of_month", "month", "is_weekend", "is_workday", "day_kind")
    assert [fields.get(name) for name in asked] == [20, 6, 10, 10, True, True, "makeup_workday"]
    assert KNOWING.day(date(2026, 10, 10)) is not None


def test_catalogue_is_asked_where_the_event_says_nothing() -> None:
    """A view of a product without category is one of its category."""
    assert seen("product.viewed", by_tracker(product_id="P-9")).event.fields.get("category") == "茶叶"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rating", True),
        ("rating", "five"),
        ("rating", None),
        ("rating", [5]),
        ("rating", 1e300),
        ("store_id", True),
        ("store_id", ""),
        ("store_id", 3.5),
        ("store_id", {"id": 1}),
        ("rating", "1" * 16),
    ],
)
def test_what_is_not_of_the_type_is_missing(name: str, value: object) -> None:
    """Nothing is guessed, and nothing breaks."""
    fields = seen("custom.rated", {name: value}).event.fields
    assert fields.get(name) is None
    assert name not in fields


def test_any_other_property_is_asked_by_its_path() -> None:
    """What is declared nowhere is as it was told; lists and objects are no values."""
    fields = seen("custom.quiz", {"quiz": {"skin": "dry", "steps": 3, "all": [1]}}).event.fields
    assert [fields.get(f"properties.quiz.{name}") for name in ("skin", "steps", "all", "none")] == [
        "dry",
        3,
        None,
        None,
    ]


def test_an_empty_or_broken_list_is_no_item() -> None:
    """Only objects are items; an event that names no product has none."""
    assert seen("order.completed", {"products": []}).items == ()
    assert len(seen("order.completed", {"products": [1, None, {"sku": "P-1"}]}).items) == 1
    assert seen("page.viewed", {"products": "P-1"}).items == ()


def test_every_field_has_labels_and_a_way_to_be_known() -> None:
    """Declared are only fields that something can be told of."""
    for level in (declared().events, declared().items):
        for name, field in level.items():
            assert field.zh, name
            assert field.en, name
            assert field.derived or field.paths, name
