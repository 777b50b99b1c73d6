"""Bad messages of the Segment family: refused one by one with the reason, good neighbours go through."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.vocabulary import Vocabulary
from domain.ingestion.refusal import (
    LARGEST_LIMITS,
    BodyTooLargeError,
    IngestionError,
    Limits,
    MalformedBodyError,
    Parsed,
    TooDeepError,
    TooManyMessagesError,
)
from domain.ingestion.segment import parse

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VOCABULARY = Vocabulary.load()
GOOD: dict[str, Any] = {"type": "track", "event": "Product Viewed", "userId": "M1", "messageId": "m1"}
ORDER = GOOD | {"event": "Order Completed"}


def read(body: bytes | object, kind: str | None = "batch", limits: Limits = Limits()) -> Parsed:  # noqa: B008 - frozen
    """Read a body as one that arrived at noon."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(raw, kind=kind, source="web", received_at=NOON, vocabulary=VOCABULARY, limits=limits)


@pytest.mark.parametrize(
    ("bad", "reason", "field"),
    [
        ({}, "type.unknown", "type"),
        (GOOD | {"type": "delete"}, "type.unknown", "type"),
        (GOOD | {"type": 5}, "type.unknown", "type"),
        (GOOD | {"event": None}, "event.missing", "event"),
        (GOOD | {"event": " "}, "event.missing", "event"),
        (GOOD | {"event": 5}, "event.missing", "event"),
        (GOOD | {"userId": None}, "identifier.missing", "userId"),
        (GOOD | {"userId": 1.5}, "identifier.invalid", "userId"),
        (GOOD | {"userId": True}, "identifier.invalid", "userId"),
        (GOOD | {"userId": {"id": 1}}, "identifier.invalid", "userId"),
        (GOOD | {"userId": "x" * 513}, "identifier.invalid", "userId"),
        (GOOD | {"anonymousId": ["a"]}, "identifier.invalid", "anonymousId"),
        ({"type": "alias", "userId": "M1"}, "identifier.missing", "previousId"),
        (GOOD | {"messageId": "x" * 257}, "message_id.invalid", "messageId"),
        (GOOD | {"messageId": 1.5}, "message_id.invalid", "messageId"),
        (GOOD | {"timestamp": "yesterday"}, "time.invalid", "timestamp"),
        (GOOD | {"originalTimestamp": 5}, "time.invalid", "originalTimestamp"),
        (GOOD | {"timestamp": "1999-12-31T23:59:59Z"}, "time.implausible", "timestamp"),
        (GOOD | {"properties": []}, "message.invalid", "properties"),
        (GOOD | {"context": "x"}, "message.invalid", "context"),
        (GOOD | {"traits": 5}, "message.invalid", "traits"),
        (GOOD | {"properties": {"a": "x" * 33_000}}, "message.too_large", None),
        (GOOD | {"properties": {"a": json.loads("[" * 40 + "]" * 40)}}, "message.too_deep", None),
        (ORDER | {"properties": {"total": "a lot"}}, "money.invalid", "properties.total"),
        (ORDER | {"properties": {"total": -5}}, "money.invalid", "properties.total"),
        (ORDER | {"properties": {"total": 5, "currency": "yuan"}}, "money.invalid", "properties.currency"),
        ("text", "message.invalid", None),
        (None, "message.invalid", None),
        ([GOOD], "message.invalid", None),
    ],
)
def test_a_bad_message_is_refused_with_its_field_and_its_neighbours_go_through(
    bad: object, reason: str, field: str | None
) -> None:
    """The reason is stable, the field is named, and its own bytes are kept for the quarantine."""
    parsed = read({"batch": [GOOD, bad, GOOD]})
    (refused,) = parsed.refused
    assert (refused.index, refused.reason, refused.field) == (1, reason, field)
    assert json.loads(refused.raw) == bad
    assert [activity.name for activity in parsed.accepted] == ["product.viewed", "product.viewed"]


def test_a_refusal_does_not_repeat_the_value() -> None:
    """Reasons go to logs and screens, personal data does not."""
    for bad in (
        GOOD | {"userId": ["13800138000"]},
        GOOD | {"timestamp": "13800138000"},
        GOOD | {"type": "13800138000"},
    ):
        (refused,) = read({"batch": [bad]}).refused
        assert "13800138000" not in refused.detail


def test_bytes_that_are_no_utf8_cost_only_their_own_message() -> None:
    """One till with another character set does not hold up the others."""
    good = json.dumps(GOOD).encode()
    parsed = read(b'{"batch":[%s,%s,%s]}' % (good, good.replace(b"M1", b"\xd0\xc7"), good))
    assert (len(parsed.accepted), [refused.index for refused in parsed.refused]) == (2, [1])
    assert parsed.refused[0].detail == "the body is not UTF-8 text"


def test_a_number_beyond_all_bounds_costs_only_its_own_message() -> None:
    """JSON knows no largest number, databases do."""
    parsed = read(b'{"batch":[{"type":"track","event":"x","userId":"M1","properties":{"n":1e999}}]}')
    assert parsed.refused[0].reason == "message.invalid"


def test_half_an_emoji_and_a_nul_are_mended() -> None:
    """Clients cut texts; the message counts all the same and can be stored."""
    (activity,) = read({"batch": [GOOD | {"properties": {"note": "a\ud83d", "code": "1\x00"}}]}).accepted
    assert activity.properties == {"note": "a\ufffd", "code": "1"}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "batch"),
        (b"{", "batch"),
        (b"[]", "batch"),
        (b"{}", "batch"),
        (b'{"batch":{}}', "batch"),
        (b'{"batch":null}', "batch"),
        (b'{"batch":[{},]}', "batch"),
        (b'"text"', "track"),
        (b'{"event":', "track"),
        (b"event=x&userId=1", "track"),
        (b"\xff\xfe", None),
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(raw: bytes, kind: str | None) -> None:
    """It fails the request: the SDK gives up instead of sending it again for hours."""
    with pytest.raises(MalformedBodyError):
        read(raw, kind)


def test_an_empty_batch_is_no_mistake() -> None:
    """Nothing was sent, nothing is refused."""
    assert read({"batch": []}) == Parsed([], [])


def test_a_body_above_the_limits_is_refused_as_a_whole() -> None:
    """By its size, the number of messages, or its depth."""
    with pytest.raises(BodyTooLargeError, match="512000 bytes"):
        read(b" " * 512_001)
    with pytest.raises(TooManyMessagesError, match="at most 2500"):
        read(b'{"batch":[%s]}' % b",".join([b"{}"] * 2_501))
    with pytest.raises(TooDeepError):
        read(b'{"batch":[{"a":' + b"[" * 5_000)


def test_what_a_batch_says_for_all_is_held_to_what_each_could_say() -> None:
    """A few bytes sent once must not become gigabytes, nor a depth that no message may have."""
    batch = [GOOD] * 2_500
    assert len(read({"batch": batch, "context": {"locale": "zh-CN"}}).accepted) == 2_500
    with pytest.raises(BodyTooLargeError, match="with every message") as refused:
        read({"batch": batch, "context": {"note": "x" * 250}})
    assert refused.value.field == "context"
    deep: Any = "x"
    for _ in range(33):
        deep = [deep]
    with pytest.raises(TooDeepError, match="32"):
        read({"batch": [GOOD], "integrations": deep})


def test_a_source_may_be_given_larger_limits_up_to_four_mebibytes() -> None:
    """RudderStack's SDK sends larger messages; beyond four mebibytes nobody may."""
    large = {"batch": [GOOD | {"properties": {"note": "x" * 1_000_000}}]}
    assert len(read(large, limits=LARGEST_LIMITS).accepted) == 1
    with pytest.raises(ValueError, match="4 MiB"):
        Limits(body_bytes=5_000_000)


def test_a_message_may_not_join_a_crowd() -> None:
    """One message with a hundred identifiers would make a hundred customers one."""
    crowd = [{"type": "phone", "id": f"138001380{number:02}"} for number in range(20)]
    (refused,) = read({"batch": [GOOD | {"context": {"externalIds": crowd}}]}).refused
    assert refused.reason == "identifier.too_many"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("2026-11-23T11:00:00Z"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "device", "traits", "email", "total", "externalIds"]), inner)
    ),
    max_leaves=6,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "alias", "group", "screen"]) | VALUES,
        "event": st.sampled_from(["Order Completed", "Order Refunded", "x"]) | VALUES,
        "userId": st.just("M1") | VALUES,
        **dict.fromkeys(["anonymousId", "messageId", "previousId", "groupId", "name"], VALUES),
        **dict.fromkeys(["properties", "traits", "context"], st.dictionaries(st.text(max_size=5), VALUES) | VALUES),
        **dict.fromkeys(["timestamp", "originalTimestamp", "sentAt"], st.just("2026-11-23T11:00:00Z") | VALUES),
    },
)


@given(st.lists(MESSAGES, max_size=4), st.sampled_from(["batch", None, "track", "i"]))
def test_every_message_is_accepted_or_refused(messages: list[dict[str, Any]], kind: str | None) -> None:
    """There is no third way, whatever the values are."""
    whole = kind in ("batch", None) or not messages
    try:
        parsed = read({"batch": messages} if whole else messages[0], "batch" if whole else kind)
    except MalformedBodyError:
        return  # NaN and Infinity are no JSON
    assert len(parsed.accepted) + len(parsed.refused) == (len(messages) if whole else 1)
    for activity in parsed.accepted:
        assert activity.identifiers
        assert activity.occurred_at <= NOON


@given(st.binary(max_size=300) | st.text(alphabet='{}[]",:\\u0da8bt 1e-', max_size=80).map(str.encode))
def test_no_bytes_raise_anything_undocumented(raw: bytes) -> None:
    """Whatever the internet sends, in a batch or alone."""
    for kind, body in (("batch", raw), ("batch", b'{"batch":[' + raw + b"]}"), ("track", raw), (None, raw)):
        try:
            read(body, kind)
        except IngestionError as error:
            assert error.detail  # noqa: PT017 - the error is one outcome among others here
