"""What each family of sources sends: documents of its form with values that nobody expects."""

import base64
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote_plus

from hypothesis import strategies as st

from tests.api.calling import signed, xml
from tests.api.fuzzing.junk import JSON, encoded

_SEGMENT_KEYS: Final = (
    *("type", "event", "userId", "anonymousId", "timestamp", "sentAt", "originalTimestamp", "context", "properties"),
    *("traits", "groupId", "previousId", "name", "category", "integrations", "channel"),
)
_POSTHOG_KEYS: Final = ("event", "distinct_id", "properties", "timestamp", "offset", "$set", "$set_once", "$unset")
_SENSORS_KEYS: Final = (
    *("type", "event", "properties", "time", "_track_id", "_flush_time", "login_id", "anonymous_id", "identities"),
    *("original_id", "lib", "project", "time_free", "item_type"),
)
_OPERATIONS: Final = (
    *("profile_set", "profile_set_once", "profile_increment", "profile_append", "profile_unset", "profile_delete"),
    *("track_signup", "track_id_bind", "track_id_unbind", "item_set", "item_delete"),
)
_EVENT_KEYS: Final = ("specversion", "type", "time", "subject", "data", "data_base64")
_LETTER_KEYS: Final = ("MsgType", "Event", "EventKey", "CreateTime", "Content", "UnionId", "Encrypt", "ScanCodeInfo")
_PROPERTIES: Final = st.dictionaries(
    st.sampled_from(
        [
            *("revenue", "price", "currency", "phone", "email", "products", "quantity", "url", "$is_identified"),
            *("distinct_id", "$anon_distinct_id", "$current_url", "$page", "$group_type", "token", "alias"),
        ]
    ),
    JSON,
    max_size=5,
)
_IDS: Final = st.uuids().map(lambda one: f"fuzz{one.hex}")


@dataclass(frozen=True)
class Sent:
    """A request. If it is answered 2xx, the messages of these `ids` must be found again.

    What a platform's letter says is sealed or named by digests: a new `writer` leaves something at least.
    """

    body: bytes = b""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    writer: str | None = None


def _message(keys: tuple[str, ...], base: Callable[[str], dict[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    junk = st.dictionaries(st.sampled_from(keys), JSON | _PROPERTIES, max_size=6)
    return st.tuples(_IDS, junk).map(lambda drawn: (drawn[0], base(drawn[0]) | drawn[1] | _named(base(drawn[0]))))


def _named(base: dict[str, Any]) -> dict[str, Any]:
    return {key: base[key] for key in ("messageId", "uuid", "id") if key in base}


_SEGMENT = _message(
    _SEGMENT_KEYS, lambda one: {"type": "track", "event": "Product Viewed", "userId": one, "messageId": one}
)
_POSTHOG = _message(
    _POSTHOG_KEYS, lambda one: {"event": "Product Viewed", "distinct_id": one, "properties": {}, "uuid": one}
)
_EVENT = _message(
    _EVENT_KEYS,
    lambda one: {"specversion": "1.0", "id": one, "source": "/s", "type": "a.b", "subject": f"member_code:{one}"},
)


def _of_one(drawn: tuple[str, Any]) -> Sent:
    return Sent(encoded(drawn[1]), ids=(drawn[0],))


def _of_batch(drawn: tuple[list[tuple[str, Any]], dict[str, Any]]) -> Sent:
    messages, around = drawn
    body = around | {"batch": [message for _, message in messages]}
    return Sent(encoded(body), ids=tuple(one for one, _ in messages))


def _batches(messages: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[Sent]:
    around = st.dictionaries(st.sampled_from(["context", "sentAt", "sent_at", "integrations", "x"]), JSON, max_size=3)
    return st.tuples(st.lists(messages, max_size=5), around).map(_of_batch)


def _record(drawn: tuple[str, dict[str, Any]]) -> tuple[str, Any]:
    one, junk = drawn
    record = {"type": "track", "event": "ViewProduct", "time": 1795637856948, "properties": {}} | junk
    if isinstance(record["properties"], dict):
        record["properties"] = record["properties"] | {"marker": one}
    return one, record | {"distinct_id": one}


def _of_records(drawn: tuple[list[tuple[str, Any]], bool, bool]) -> Sent:
    records, is_zipped, is_list = drawn
    raw = encoded([record for _, record in records] if is_list else records[0][1])
    data = base64.b64encode(gzip.compress(raw) if is_zipped else raw).decode()
    body = f"{'data_list' if is_list else 'data'}={quote_plus(data)}&gzip={int(is_zipped)}".encode()
    return Sent(body, ids=tuple(one for one, _ in (records if is_list else records[:1])))


def _operated(drawn: tuple[str, str, Any]) -> Sent:
    # What is asked of profiles and goods is no fact of its own, and is not looked for.
    kind, one, junk = drawn
    return Sent(encoded({"type": kind, "distinct_id": one, "item_id": one, "time": 1795637856948} | junk))


def _in_a_form(sent: Sent) -> Sent:
    return Sent(b"data=" + quote_plus(base64.b64encode(sent.body)).encode(), ids=sent.ids)


def _event_batch(drawn: list[tuple[str, Any]]) -> Sent:
    return Sent(
        encoded([event for _, event in drawn]),
        headers={"Content-Type": "application/cloudevents-batch+json"},
        ids=tuple(one for one, _ in drawn),
    )


def _binary_event(drawn: tuple[str, Any]) -> Sent:
    one, data = drawn
    headers = {"ce-specversion": "1.0", "ce-id": one, "ce-source": "/s", "ce-type": "a.b", "ce-subject": f"phone:{one}"}
    return Sent(encoded(data), headers=headers, ids=(one,))


def _letter(drawn: tuple[str, str, dict[str, Any]]) -> Sent:
    writer, kind, junk = drawn
    fields = {"ToUserName": "gh", "MsgType": kind, "Event": "SCAN"} | junk | {"FromUserName": writer}
    return Sent(xml(**fields).encode("utf-8", "replace"), query=signed(), writer=writer)


def _compressed(sent: Sent) -> Sent:
    """Return the same as gzip, without saying so."""
    return replace(sent, body=gzip.compress(sent.body))


_SEGMENT_ONE = _SEGMENT.map(_of_one) | _SEGMENT.map(_of_one).map(_compressed)
_SEGMENT_MANY = _batches(_SEGMENT) | _batches(_SEGMENT).map(_compressed)
_POSTHOG_PLAIN = _batches(_POSTHOG) | _POSTHOG.map(_of_one)
_POSTHOG_ANY = _POSTHOG_PLAIN | _POSTHOG_PLAIN.map(_compressed) | _POSTHOG_PLAIN.map(_in_a_form)
_EVENTS = (
    _EVENT.map(_of_one) | st.lists(_EVENT, max_size=4).map(_event_batch) | st.tuples(_IDS, JSON).map(_binary_event)
)
_LETTERS = st.tuples(
    _IDS,
    st.sampled_from(["event", "text", "image"]),
    st.dictionaries(st.sampled_from(_LETTER_KEYS), st.text(max_size=20) | st.integers()),
).map(_letter)
_RECORDS = st.tuples(_IDS, st.dictionaries(st.sampled_from(_SENSORS_KEYS), JSON | _PROPERTIES, max_size=5)).map(_record)
_SENSORS = st.tuples(st.lists(_RECORDS, min_size=1, max_size=4), st.booleans(), st.booleans()).map(
    _of_records
) | st.tuples(
    st.sampled_from(_OPERATIONS),
    _IDS,
    st.dictionaries(st.sampled_from(_SENSORS_KEYS[1:]), JSON | _PROPERTIES, max_size=4),
).map(_operated)

# What SDKs ask, and what they say about themselves: no events, and bodies that nobody reads.
SILENT: Final = frozenset(
    {
        *("/v1/projects/{write_key:str}/settings", "/sourceConfig", "/v1/m"),
        *("/flags", "/decide", "/array/{key:str}/config"),
    }
)

# A route that is not here fails the test that looks for it: tell what it takes.
FAMILIES: Final[dict[str, st.SearchStrategy[Sent]]] = {
    **{f"/v1/{one}": _SEGMENT_ONE for one in ("identify", "track", "page", "screen", "group", "alias", *"itpsga")},
    **dict.fromkeys(["/v1/batch", "/v1/b", "/beacon/v1/batch"], _SEGMENT_MANY),
    **dict.fromkeys(["/batch", "/capture", "/e", "/i/v0/e"], _POSTHOG_ANY),
    **dict.fromkeys(["/sa", "/sa.gif", "/debug", "/sa/debug"], _SENSORS),
    "/api/v1/events": _EVENTS,
    "/hooks/{source:str}/{secret:str}": _LETTERS,
    **dict.fromkeys(SILENT, st.just(Sent())),
}
