"""Whatever a platform sends: facts, or a refusal with a reason; never a surprise."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ingestion.callbacks.call import Call
from domain.ingestion.marketplaces.messages import DouyinMessages, YouzanMessages
from domain.ingestion.marketplaces.orders import read_order
from domain.ingestion.marketplaces.platform import NAMES, load
from domain.ingestion.marketplaces.refunds import is_refunded, read_refund
from domain.ingestion.marketplaces.telling import Telling
from domain.kernel.errors import DomainError
from tests.domain.ingestion.marketplaces import payloads

_RECEIVED = datetime(2026, 12, 1, tzinfo=UTC)
_TELLING = Telling(source="shop", received_at=_RECEIVED)
_PLATFORMS = {name: load(name) for name in NAMES}
_WHOLE = {"taobao": payloads.TMALL, "jd": payloads.JD, "douyin": payloads.DOUYIN, "youzan": payloads.YOUZAN}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50)
@given(data=st.data())
def test_an_order_with_anything_in_any_of_its_fields_is_facts_or_refused(name: str, data: st.DataObject) -> None:
    """Times before time, amounts without end, lists for objects."""
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(_WHOLE[name])), values, max_size=3))
    raw = json.dumps(_WHOLE[name] | changed).encode()
    facts = []
    with suppress(DomainError):
        facts = read_order(raw, _PLATFORMS[name], _TELLING)
    assert all(fact.occurred_at <= _RECEIVED for fact in facts)
    assert all(fact.amount is None or fact.amount >= 0 for fact in facts)
    assert len({fact.message_id for fact in facts}) == len(facts)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50)
@given(payload=st.dictionaries(st.sampled_from(["refund_id", "id", "status", "tid", "orderId", "refund_fee"]), values))
def test_a_refund_of_anything_is_a_fact_or_refused(name: str, payload: dict[str, Any]) -> None:
    """The same for refunds."""
    raw = json.dumps(payload).encode()
    with suppress(DomainError):
        is_refunded(raw, _PLATFORMS[name])
    with suppress(DomainError):
        assert len(read_refund(raw, _PLATFORMS[name], _TELLING)) <= 1


@settings(max_examples=50)
@given(body=st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
def test_a_message_of_anything_gives_hints_or_is_refused(body: bytes) -> None:
    """Also one that is signed rightly, and one that is not."""
    receivers = (DouyinMessages("1", "s", _PLATFORMS["douyin"]), YouzanMessages("1", "s", _PLATFORMS["youzan"]))
    for receiver in receivers:
        call = Call(method="POST", query={}, headers={"event-sign": "x"}, body=body, received_at=_RECEIVED)
        with suppress(DomainError):
            receiver.open(call)
        with suppress(DomainError):
            receiver.read(body, _RECEIVED)
