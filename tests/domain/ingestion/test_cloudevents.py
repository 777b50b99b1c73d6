"""CloudEvents: in all three modes the same event becomes the same activity."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.activity import Activity
from domain.activity.vocabulary import Vocabulary
from domain.identity.identifier import identifier
from domain.ingestion.cloudevents import parse
from domain.ingestion.refusal import IngestionError, MalformedBodyError, Parsed, TooManyMessagesError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VOCABULARY = Vocabulary.load()
STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
ATTRIBUTES = {
    "id": "42",
    "source": "/tills/杭州/7",
    "type": "cn.shop.order.completed.v1",
    "specversion": "1.0",
    "subject": "member_code:会员 7",
    "time": NOON - timedelta(minutes=1),
}
DATA = {
    "total": "59.80",
    "email": "li@shop.cn",
    "identifiers": [{"type": "phone", "value": 13800138000}],
    "traits": {"level": "gold", "gone": None},
}
EVENT: dict[str, Any] = ATTRIBUTES | {"time": "2026-11-23T11:59:00Z", "data": DATA}


def read(raw: bytes | object, headers: Mapping[str, str] = STRUCTURED) -> Parsed:
    """Read a body as one that arrived at noon."""
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return parse(raw, headers=headers, source="tills", received_at=NOON, vocabulary=VOCABULARY)


def one(parsed: Parsed) -> Activity:
    """Return the one activity of a good body."""
    assert parsed.refused == []
    (activity,) = parsed.accepted
    return activity


def test_an_event_becomes_an_activity() -> None:
    """The subject names the customer, the data tells the rest; source and id together are unique."""
    activity = one(read(EVENT))
    assert activity.name == "order.completed"
    assert (activity.source, activity.message_id) == ("tills", "/tills/杭州/7 42")
    assert (activity.amount, activity.currency) == (5980, "CNY")
    assert activity.occurred_at == activity.original_at == NOON - timedelta(minutes=1)
    assert activity.identifiers == (identifier("member_code", "会员 7"), identifier("phone", "13800138000"))
    assert activity.properties == {"total": "59.80"}
    assert activity.personal == {"properties": {"email": "li@shop.cn"}}
    assert activity.traits == {"level": "gold"}
    assert activity.context == {"event_source": "/tills/杭州/7", "event_type": "cn.shop.order.completed.v1"}


def test_the_real_client_says_the_same_in_every_mode() -> None:
    """Binary mode puts the attributes into headers, percent-encoded, and sends no Content-Type."""
    event = CloudEvent(attributes=ATTRIBUTES, data=DATA)
    structured, binary = to_structured(event, JSONFormat()), to_binary(event, JSONFormat())
    assert "content-type" not in {name.lower() for name in binary.headers}
    batch = b"[" + structured.body + b"]"
    expected = one(read(EVENT))
    assert one(read(structured.body, structured.headers)) == expected
    assert one(read(binary.body, binary.headers)) == expected
    assert one(read(batch, {"content-type": "application/cloudevents-batch+json"})) == expected
    assert one(read(structured.body, {})) == one(read(batch, {"content-type": "text/plain"})) == expected


def test_data_may_come_as_base64_or_not_at_all() -> None:
    """Some clients always encode; an event without data still happened."""
    encoded = {key: value for key, value in EVENT.items() if key != "data"} | {"data_base64": "eyJ0b3RhbCI6NX0="}
    assert one(read(encoded)).amount == 500
    assert one(read(encoded | {"data_base64": None})).properties == {}
    bare = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"} | {
        "ce-subject": '"phone:13800138000"'
    }
    assert one(read(b"", bare)).identifiers == (identifier("phone", "13800138000"),)


def test_a_subject_of_another_kind_is_no_mistake_if_the_data_names_the_customer() -> None:
    """The subject may be the order; who bought it stands in the data."""
    activity = one(read(EVENT | {"subject": "orders/7"}))
    assert activity.identifiers == (identifier("phone", "13800138000"),)


def test_an_event_from_the_future_happened_now() -> None:
    """There is no time of sending to correct the clock by."""
    assert one(read(EVENT | {"time": "2027-01-01T00:00:00Z"})).occurred_at == NOON
    assert one(read({key: value for key, value in EVENT.items() if key != "time"})).occurred_at == NOON


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"specversion": "0.3"}, "specversion.unknown", "specversion"),
        ({"id": None}, "attribute.missing", "id"),
        ({"id": 42}, "attribute.missing", "id"),
        ({"source": " "}, "attribute.missing", "source"),
        ({"type": ""}, "attribute.missing", "type"),
        ({"time": "noon"}, "time.invalid", "time"),
        ({"subject": "phone:12"}, "identifier.invalid", "subject"),
        ({"subject": "orders/7", "data": {}}, "identifier.missing", "subject"),
        ({"data": "text"}, "data.invalid", "data"),
        ({"data": [1]}, "data.invalid", "data"),
        ({"data": {"identifiers": {"phone": "13800138000"}}}, "data.invalid", "data.identifiers"),
        ({"data": {"identifiers": ["phone:13800138000"]}}, "data.invalid", "data.identifiers.0"),
        ({"data": {"identifiers": [{"type": "shoe", "value": "1"}]}}, "identifier.invalid", "data.identifiers.0"),
        ({"data": {"traits": []}}, "data.invalid", "data.traits"),
        ({"data": {"total": "x"}}, "money.invalid", "data.total"),
        ({"data": None, "data_base64": "!"}, "data.invalid", "data_base64"),
        ({"data": None, "data_base64": "W10="}, "message.invalid", None),
    ],
)
def test_a_bad_event_is_refused_with_its_field_and_its_neighbours_go_through(
    change: dict[str, Any], reason: str, field: str | None
) -> None:
    """Alone or in a batch."""
    bad = EVENT | change
    parsed = read([EVENT, bad, EVENT], {})
    (refused,) = parsed.refused
    assert (refused.index, refused.reason, refused.field) == (1, reason, field)
    assert json.loads(refused.raw) == bad
    assert len(parsed.accepted) == 2
    assert [alone.reason for alone in read(bad).refused] == [reason]


def test_a_body_that_cannot_be_read_is_malformed() -> None:
    """In every mode."""
    for raw, headers in ((b"{", STRUCTURED), (b"[]", STRUCTURED), (b"{", {"ce-specversion": "1.0"}), (b"x", {})):
        with pytest.raises(MalformedBodyError):
            read(raw, headers)
    with pytest.raises(MalformedBodyError):
        read(b"{}", {"content-type": "application/cloudevents-batch+json"})
    with pytest.raises(TooManyMessagesError):
        read([{}] * 2_501, {})


def test_a_refused_event_of_binary_mode_is_kept_with_its_attributes() -> None:
    """They came in headers, which nobody keeps: without them it could not be read again."""
    attributes = {key: str(value) for key, value in EVENT.items() if key != "data"} | {"subject": "orders/7"}
    headers = {f"ce-{name}": value for name, value in attributes.items()} | {"ce-data": "no attribute"}
    (refused,) = read(b'{"total":5}', headers).refused
    assert refused.reason == "identifier.missing"
    assert json.loads(refused.raw) == attributes | {"data": {"total": 5}}


def test_a_very_long_source_still_makes_a_short_id() -> None:
    """Two events of such a source stay two."""
    long = EVENT | {"source": "/" + "x" * 300}
    ids = {one(read(long | {"id": event_id})).message_id for event_id in ("1", "2")}
    assert {len(message_id) for message_id in ids} == {64}
    assert len(ids) == 2


@given(
    raw=st.binary(max_size=100) | st.text(alphabet='{}[]":,ab1', max_size=60).map(str.encode),
    headers=st.dictionaries(
        st.sampled_from(["ce-specversion", "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "Content-Type"]),
        st.sampled_from(["1.0", "", "application/cloudevents-batch+json", "phone:1", "%ff%00", "2026-11-23"])
        | st.text(),
    ),
)
def test_no_request_raises_anything_undocumented(raw: bytes, headers: dict[str, str]) -> None:
    """Whatever the internet sends."""
    try:
        read(raw, headers)
    except IngestionError as error:
        assert error.detail  # noqa: PT017 - the error is one outcome among others here
