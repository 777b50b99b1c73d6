"""The money of an activity: exact, in minor units, and never guessed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.amount import amount_of
from domain.activity.vocabulary import Vocabulary
from domain.kernel.money import MoneyError

VOCABULARY = Vocabulary.load()
ORDER, REFUND, CART = (VOCABULARY.kind(name) for name in ("order.completed", "order.refunded", "cart.viewed"))


@pytest.mark.parametrize(
    ("properties", "money"),
    [
        ({"revenue": 19.9}, (1990, "CNY")),
        ({"total": "1299.00", "currency": "cny"}, (129900, "CNY")),
        ({"revenue": None, "total": 5}, (500, "CNY")),
        ({"value": 500, "currency": "JPY"}, (500, "JPY")),
        ({"实付金额": "0.01", "currency": "RMB"}, (1, "CNY")),
        ({"revenue": 20, "total": 25}, (2000, "CNY")),
        ({}, (None, None)),
    ],
)
def test_an_order_tells_its_money_in_minor_units(
    properties: dict[str, Any], money: tuple[int | None, str | None]
) -> None:
    """The first property that holds an amount counts; without a currency it is the source's."""
    assert amount_of(ORDER, properties, "CNY") == money


def test_a_refund_is_positive_whatever_its_sign() -> None:
    """Some tills send it negative; the kind says that it counts against purchases."""
    assert amount_of(REFUND, {"total": -30.5}, "CNY") == amount_of(REFUND, {"total": 30.5}, "CNY") == (3050, "CNY")


@pytest.mark.parametrize(
    ("properties", "field"),
    [
        ({"revenue": "about 20"}, "properties.revenue"),
        ({"total": [1]}, "properties.total"),
        ({"total": True}, "properties.total"),
        ({"total": -5}, "properties.total"),
        ({"total": 1e300}, "properties.total"),
        ({"total": "1e999990"}, "properties.total"),
        ({"total": "9" * 400}, "properties.total"),
        ({"total": 5, "currency": "yuan"}, "properties.currency"),
        ({"total": 5, "currency": ["CNY"]}, "properties.currency"),
    ],
)
def test_wrong_money_of_an_order_is_refused_by_name(properties: dict[str, Any], field: str) -> None:
    """A purchase of unknown value would falsify every figure, so its sender is told."""
    with pytest.raises(MoneyError) as refusal:
        amount_of(ORDER, properties, "CNY")
    assert refusal.value.field == field


def test_elsewhere_a_value_need_not_be_money() -> None:
    """A cart may carry any "value"; it stays a property and counts nothing."""
    assert amount_of(CART, {"value": "high"}, "CNY") == (None, None)
    assert amount_of(VOCABULARY.kind("custom.rated"), {"value": 5}, "CNY") == (None, None)


@given(fen=st.integers(0, 10**15))
def test_no_fen_is_lost_on_the_way(fen: int) -> None:
    """As text every amount arrives exactly; as a JSON number every one that a till can print."""
    text = f"{fen // 100}.{fen % 100:02}"
    assert amount_of(ORDER, {"total": text}, "CNY") == (fen, "CNY")
    if fen < 10**13:
        assert amount_of(ORDER, {"total": float(text)}, "CNY") == (fen, "CNY")
