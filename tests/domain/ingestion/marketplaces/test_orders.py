"""Orders as activities: each state once, exact, under the number that other systems know as well."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.activity import Activity
from domain.ingestion.marketplaces.orders import read_order
from domain.ingestion.marketplaces.platform import Platform, PlatformError, load
from domain.ingestion.marketplaces.telling import Telling
from domain.ingestion.refusal import MessageError
from domain.kernel.errors import DomainError
from tests.domain.ingestion.marketplaces import payloads

_RECEIVED = datetime(2026, 12, 1, tzinfo=UTC)
_TELLING = Telling(source="shop", received_at=_RECEIVED)
TAOBAO, JD, DOUYIN, YOUZAN = (load(name) for name in ("taobao", "jd", "douyin", "youzan"))


def facts_of(platform: Platform, payload: dict[str, Any], **changed: Any) -> list[Activity]:
    """Read an order with some of its keys changed."""
    return read_order(payloads.raw(payload, **changed), platform, _TELLING)


def test_a_finished_order_of_tmall_is_four_facts_at_their_own_times() -> None:
    """Placed, paid, shipped, delivered; Beijing's clock, fen, ids without a digit lost."""
    facts = facts_of(TAOBAO, payloads.TMALL)
    assert [(fact.name, fact.occurred_at.isoformat(), fact.amount) for fact in facts] == [
        ("order.placed", "2026-11-10T15:59:58+00:00", 12890),
        ("order.completed", "2026-11-10T16:00:03+00:00", 12890),
        ("order.shipped", "2026-11-11T07:00:00+00:00", None),
        ("order.delivered", "2026-11-15T02:00:00+00:00", None),
    ]
    paid = facts[1]
    assert (paid.message_id, paid.order_ref) == (
        "2100000000000000001:order.completed",
        "tmall:2100000000000000001",
    )
    assert str(paid.identifiers[0].value) == "tmall:AAHm6d0yAAeUYRpDTz1Tbuyer"
    assert paid.currency == "CNY"
    assert paid.properties["store_id"] == "SH-018"
    assert paid.properties["guide_id"] == "G77"
    assert paid.properties["products"] == [
        {
            "line_id": "2100000000000000002",
            "product_id": "660000000000000003",
            "sku_id": "5000000000004",
            "sku": "SKU-RED-M",
            "quantity": 2,
            "amount": 10000,
        },
        {"line_id": "2100000000000000005", "product_id": "660000000000000006", "quantity": 1, "amount": 2890},
    ]


def test_nothing_of_a_person_is_outside_the_sealed_part_and_the_payload_is_inside() -> None:
    """Masked names and numbers stay sealed as well; the newest state carries the payload as it came."""
    *earlier, newest = facts_of(TAOBAO, payloads.TMALL)
    for fact in (*earlier, newest):
        plain = json.dumps([fact.properties, fact.context, fact.traits], ensure_ascii=False)
        assert not any(word in plain for word in ("李*", "*0001", "t**1", "AAHm6d0y"))
    assert newest.personal["properties"]["raw"].encode() == payloads.raw(payloads.TMALL)
    assert [fact.personal for fact in earlier] == [{}, {}, {}]


def test_jd_adds_what_was_paid_from_the_balance_and_takes_either_spelling() -> None:
    """Field names of JD vary between camelCase and snake_case by the age of the interface."""
    snake = {
        "order_id": "290000000000000011",
        "order_state": "WAIT_GOODS_RECEIVE_CONFIRM",
        "order_payment": "199.00",
        "balance_used": "20.00",
        "order_total_price": "230.00",
        "freight_price": "0.00",
        "order_start_time": "2026-11-11 08:00:00",
        "payment_confirm_time": "2026-11-11 08:01:00",
        "out_bound_date": "2026-11-11 20:00:00",
        "modified": "2026-11-11 20:00:00",
        "open_id_buyer": "oJdBuyer1",
        "item_info_list": [
            {"sku_id": "100012", "outer_sku_id": "SKU-1", "ware_id": "10007", "jd_price": "115.00", "item_total": "2"}
        ],
    }
    camel = facts_of(JD, payloads.JD)
    assert [(fact.name, fact.amount) for fact in camel] == [
        ("order.placed", 21900),
        ("order.completed", 21900),
        ("order.shipped", None),
    ]
    plain = [(one.name, one.amount, one.occurred_at, one.properties, one.identifiers) for one in camel]
    other = [(one.name, one.amount, one.occurred_at, one.properties, one.identifiers) for one in facts_of(JD, snake)]
    assert other == plain


def test_a_paid_order_of_douyin_that_was_cancelled_was_paid_and_cancelled() -> None:
    """The money came in: that it went back is a refund's word. A finish time of 0 is none."""
    facts = facts_of(DOUYIN, payloads.DOUYIN)
    assert [(fact.name, fact.amount) for fact in facts] == [
        ("order.placed", 5990),
        ("order.completed", 5990),
        ("order.cancelled", 5990),
    ]
    assert facts[0].properties["author_id"] == "987654321"
    unpaid = facts_of(DOUYIN, payloads.DOUYIN, pay_time=0)
    assert [fact.name for fact in unpaid] == ["order.placed", "order.cancelled"]


def test_youzan_sends_yuan_as_text_or_as_a_number() -> None:
    """9.82 is 982 fen, whichever way."""
    facts = facts_of(YOUZAN, payloads.YOUZAN)
    assert [(fact.name, fact.amount) for fact in facts] == [("order.placed", 982), ("order.completed", 982)]
    assert facts[0].properties["products"][0]["amount"] == 982
    assert facts[0].properties["products"][0]["line_id"] == "3000000000000000031"


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"status": "TRADE_TELEPORTED"}, "status.unknown", "status"),
        ({"status": None}, "status.missing", "status"),
        ({"tid": None, "tid_str": ""}, "order.id_missing", "tid_str"),
        ({"tid": 2.1e18, "tid_str": None}, "id.inexact", "tid"),
        ({"buyer_open_uid": ""}, "identifier.missing", "buyer_open_uid"),
        ({"payment": "a lot"}, "money.invalid", "payment"),
        ({"payment": "-1.00"}, "money.invalid", "payment"),
        ({"payment": None}, "money.missing", "payment"),
        ({"created": "yesterday"}, "time.invalid", "created"),
        ({"created": None}, "time.missing", "created"),
        ({"orders": {"order": ["x"]}}, "lines.invalid", "orders.order"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason_and_field(
    changed: dict[str, Any], reason: str, field: str
) -> None:
    """And without a word of what it held."""
    with pytest.raises(MessageError) as refused:
        facts_of(TAOBAO, payloads.TMALL, **changed)
    assert (refused.value.reason, refused.value.field) == (reason, field)


@pytest.mark.parametrize("raw", [b"", b"[]", b"nonsense", b"{", b'{"a":', b"\xff\xfe"])
def test_what_is_no_order_at_all_is_refused_too(raw: bytes) -> None:
    """Whatever the platform sends instead."""
    with pytest.raises(DomainError):
        read_order(raw, TAOBAO, _TELLING)


@given(number=st.integers(2**53, 10**20), fen=st.integers(0, 10**11))
def test_no_digit_of_a_number_or_of_money_is_lost(number: int, fen: int) -> None:
    """Ids beyond 2^53 as number or as text, any amount."""
    yuan = f"{fen // 100}.{fen % 100:02d}"
    for tid in ({"tid": number, "tid_str": None}, {"tid": 1, "tid_str": str(number)}):
        fact = facts_of(TAOBAO, payloads.TMALL, payment=yuan, **tid)[1]
        assert fact.properties["order_id"] == str(number)
        assert fact.order_ref == f"tmall:{number}"
        assert fact.amount == fen
    assert facts_of(DOUYIN, payloads.DOUYIN, pay_amount=fen, order_id=str(number))[1].amount == fen


@given(
    st.sampled_from(sorted(TAOBAO.order.statuses)), st.sets(st.sampled_from(["pay_time", "consign_time", "end_time"]))
)
def test_an_order_told_again_later_tells_the_same_facts(status: str, untold: set[str]) -> None:
    """One fact an order and state: whenever it is read, its message id is the same, and no state comes twice."""
    facts = facts_of(TAOBAO, payloads.TMALL, status=status, **dict.fromkeys(untold))
    names = [fact.name for fact in facts]
    assert len(set(names)) == len(names)
    assert [fact.message_id for fact in facts] == [f"2100000000000000001:{name}" for name in names]
    assert names[0] == "order.placed"


def test_a_shop_overrides_a_key_and_a_slip_of_the_pen_is_told() -> None:
    """A shop that counts without postage, and one that has misspelt a key."""
    own = load("taobao", override={"order": {"events": {"order.completed": {"amount": "total_fee"}}}})
    assert [fact.amount for fact in facts_of(own, payloads.TMALL)][:2] == [12890, 15000]
    with pytest.raises(PlatformError) as error:
        load("taobao", override={"order": {"idd": ["tid"]}})
    assert "idd" in error.value.detail
