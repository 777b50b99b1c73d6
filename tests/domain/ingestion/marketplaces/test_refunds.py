"""Refunds as activities: what went back, once a refund, to whom the order was."""

from datetime import UTC, datetime

import pytest

from domain.ingestion.marketplaces.platform import load
from domain.ingestion.marketplaces.refunds import is_refunded, names_buyer, read_refund, with_order
from domain.ingestion.marketplaces.telling import Telling
from domain.ingestion.refusal import MessageError
from tests.domain.ingestion.marketplaces import payloads

_TELLING = Telling(source="shop", received_at=datetime(2026, 12, 1, tzinfo=UTC))


def test_a_refund_of_tmall_is_a_fact_of_its_own_under_the_orders_number() -> None:
    """An order may be refunded in parts: the refund's number stands behind."""
    (fact,) = read_refund(payloads.raw(payloads.TMALL_REFUND), load("taobao"), _TELLING)
    assert (fact.name, fact.amount, fact.currency) == ("order.refunded", 2890, "CNY")
    assert fact.message_id == "2100000000000000001:order.refunded:190000000000000007"
    assert fact.order_ref == "tmall:2100000000000000001:190000000000000007"
    assert fact.properties["order_id"] == "2100000000000000001"


def test_a_refund_that_gave_nothing_back_tells_nothing() -> None:
    """It is told when it has."""
    asked = payloads.raw(payloads.TMALL_REFUND, status="WAIT_SELLER_AGREE")
    assert read_refund(asked, load("taobao"), _TELLING) == []
    assert not is_refunded(asked, load("taobao"))


def test_the_order_tells_whose_refund_it_is_where_the_refund_does_not() -> None:
    """Youzan's refunds name nobody."""
    raw, youzan = payloads.raw(payloads.YOUZAN_REFUND), load("youzan")
    assert not names_buyer(raw, youzan)
    (fact,) = read_refund(with_order(raw, payloads.raw(payloads.YOUZAN)), youzan, _TELLING)
    assert fact.identifiers[0].value == "youzan:kmiyS3Qz660160349349089280"
    with pytest.raises(MessageError) as refused:
        read_refund(raw, youzan, _TELLING)
    assert refused.value.reason == "identifier.missing"


def test_douyin_counts_what_went_back_not_what_was_asked_for() -> None:
    """`refund_amount` of the list is the claim; `real_refund_amount` of the detail is the money."""
    detail = {
        "process_info": {
            "after_sale_info": {
                "after_sale_id": 7170000000000000041,
                "refund_status": 3,
                "refund_time": 1794500000,
                "real_refund_amount": 5000,
                "refund_amount": 5990,
            }
        },
        "order_info": {"shop_order_id": 6920000000000000021},
    }
    (fact,) = read_refund(with_order(payloads.raw(detail), payloads.raw(payloads.DOUYIN)), load("douyin"), _TELLING)
    assert fact.amount == 5000
    assert fact.message_id == "6920000000000000021:order.refunded:7170000000000000041"


def test_jds_refunds_are_in_fen_while_its_orders_are_in_yuan() -> None:
    """`applyRefundSum` of refundapply is in fen."""
    refund = {
        "id": 55,
        "orderId": "290000000000000011",
        "status": 3,
        "applyRefundSum": 19900,
        "checkTime": "2026-11-12 10:00:00",
    }
    (fact,) = read_refund(with_order(payloads.raw(refund), payloads.raw(payloads.JD)), load("jd"), _TELLING)
    assert fact.amount == 19900


def test_an_after_sale_counts_once_its_money_is_back_and_never_as_a_refund_before_delivery() -> None:
    """Two lists that number by themselves; a service without a refund says nothing yet, and is no error."""
    jd = load("jd").of_after_sales
    service = {"serviceId": 55, "orderId": 290000000000000011}
    assert not is_refunded(payloads.raw({"sameOrderServiceBill": service}), jd)
    assert not is_refunded(payloads.raw({"sameOrderServiceBill": service, "status": 14}), jd)
    refund = {
        "afsRefundId": 56,
        "status": 13,
        "completeTime": 1794500000000,
        "refoundAmount": 0.29,
        "sameOrderServiceBill": service,
    }
    (fact,) = read_refund(with_order(payloads.raw(refund), payloads.raw(payloads.JD)), jd, _TELLING)
    assert (fact.amount, fact.order_ref) == (29, "jd:290000000000000011:afs56")
    assert fact.properties["service_id"] == "55"
