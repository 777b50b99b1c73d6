"""PostHog: what its SDKs send becomes activities, in the customer's time and Koi's words."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.activity import Activity
from domain.activity.operation import Operation, OperationKind
from domain.activity.vocabulary import Vocabulary
from domain.identity.identifier import identifier
from domain.ingestion.posthog import key_within, parse, unformed
from domain.ingestion.refusal import BodyTooLargeError, IngestionError, MalformedBodyError, Parsed

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VOCABULARY = Vocabulary.load()
VISITOR = "01a2145b-4a8f-749f-a0da-7c8d766e3c0b"
MEMBER, COOKIE = identifier("member_code", "M1"), identifier("anonymous", VISITOR)

# As posthog-js 1.449 sent it, shortened.
NOTICED = {
    "$os": "Linux",
    "$browser": "Chrome",
    "$current_url": "https://shop.cn/tea?phone=13800001111",
    "$pathname": "/tea",
    "$raw_user_agent": "Mozilla/5.0",
    "$lib": "web",
    "$lib_version": "1.449.2",
    "$insert_id": "toj1m7pm0x8p2dvi",
    "$sdk_debug_retry_queue_size": 0,
    "$referrer": "$direct",
    "$device_id": VISITOR,
    "token": "key",
}
ANONYMOUS = NOTICED | {"distinct_id": VISITOR, "$is_identified": False, "$process_person_profile": False}
KNOWN = NOTICED | {"distinct_id": "M1", "$user_id": "M1", "$is_identified": True}


def event(name: str, properties: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return an event with an id and a time of its own."""
    return {"event": name, "uuid": "u-1", "properties": properties, "timestamp": "2026-11-23T11:59:00Z"} | fields


def read(body: object, clock: str | None = None) -> Parsed:
    """Read a body as one that arrived at noon."""
    return parse(json.dumps(body).encode(), source="web", received_at=NOON, vocabulary=VOCABULARY, clock=clock)


def one(body: object) -> Activity:
    """Read a single event that is expected to be good."""
    parsed = read(body)
    assert parsed.refused == []
    (activity,) = parsed.accepted
    return activity


def test_a_visitors_order_becomes_a_purchase() -> None:
    """The shop's own properties on one side, what the SDK noticed on the other, personal values apart."""
    bought = {"order_id": "2100000000000000001", "total": 59.8, "email": "li@shop.cn"}
    order = one({"api_key": "key", "batch": [event("Order Completed", ANONYMOUS | bought)]})
    assert order.name == "order.completed"
    assert (order.amount, order.currency) == (5980, "CNY")
    assert order.identifiers == (COOKIE,)
    assert order.message_id == "u-1"
    assert order.properties == {"order_id": "2100000000000000001", "total": 59.8}
    assert order.context == {
        "os": "Linux",
        "browser": "Chrome",
        "page": {"url": "https://shop.cn/tea", "path": "/tea"},
        "library": {"name": "web", "version": "1.449.2"},
    }
    assert order.personal == {
        "properties": {"email": "li@shop.cn"},
        "context": {
            "userAgent": "Mozilla/5.0",
            "device_id": VISITOR,
            "page": {"url": "https://shop.cn/tea?phone=13800001111"},
        },
    }


def test_a_visitor_who_logs_in_is_joined_with_the_cookie() -> None:
    """`$identify` names both, and describes the member."""
    properties = KNOWN | {"$anon_distinct_id": VISITOR}
    known = one(event("$identify", properties, **{"$set": {"city": "Hangzhou", "phone": "13800001111", "age": None}}))
    assert known.name == "customer.identified"
    assert known.identifiers == (MEMBER, identifier("phone", "+8613800001111"), COOKIE)
    assert known.traits == {"city": "Hangzhou", "phone": "13800001111"}
    assert not {"$set", "$anon_distinct_id", "distinct_id"} & known.properties.keys()


def test_a_profile_is_set_once_and_unset() -> None:
    """The first word holds, by PostHog's own name for it; both at once are two events."""
    first = one(event("$set_once", KNOWN, **{"$set_once": {"first_shop": "West Lake", "first_app": None}}))
    assert first.name == "customer.identified"
    assert first.operation == Operation(kind=OperationKind.SET_ONCE, attributes={"first_shop": "West Lake"})
    gone = one(event("$set", KNOWN | {"$unset": ["city"]}))
    assert gone.operation == Operation(kind=OperationKind.REMOVE, attributes={"city": None})
    (refused,) = read(event("$set", KNOWN, **{"$set_once": {"a": 1}, "$unset": ["b"]})).refused
    assert (refused.reason, refused.field) == ("attributes.invalid", "$unset")
    assert one(event("$set", KNOWN, **{"$set": {"a": 1}})).operation is None


def test_after_it_the_device_joins_nobody() -> None:
    """The device's id stays when the next member logs in, so that it names no one once a member is told."""
    assert one(event("Product Viewed", KNOWN)).identifiers == (MEMBER,)


@pytest.mark.parametrize(
    ("name", "properties", "koi"),
    [
        ("$pageview", KNOWN, "page.viewed"),
        ("$screen", KNOWN | {"$screen_name": "Cart"}, "screen.viewed"),
        ("$groupidentify", KNOWN | {"$group_type": "company", "$group_key": "c1"}, "customer.grouped"),
        ("$autocapture", KNOWN, "custom.autocapture"),
        ("Product Added", KNOWN, "cart.item_added"),
        ("加入购物车", KNOWN, "cart.item_added"),
    ],
)
def test_its_own_events_and_the_shops_have_koi_names(name: str, properties: dict[str, Any], koi: str) -> None:
    """The same names as from any other source."""
    assert one(event(name, properties)).name == koi


def test_a_page_says_which() -> None:
    """In the same words as a page of the Segment family."""
    page = one(event("$pageview", KNOWN | {"title": "Tea", "$referrer": "https://search.cn/?q=tea"}))
    assert page.properties == {
        "url": "https://shop.cn/tea",
        "path": "/tea",
        "referrer": "https://search.cn/",
        "title": "Tea",
    }
    odd = one(event("$pageview", KNOWN | {"$page": ["not", "ours"], "title": "Tea"}))
    assert odd.properties["title"] == "Tea"


def test_an_alias_joins_two_ids_whichever_is_the_anonymous_one() -> None:
    """The SDKs do not tell."""
    joined = one(event("$create_alias", {"distinct_id": "old", "alias": "M1"}, distinct_id="old"))
    assert set(joined.identifiers) == {
        identifier(kind, value) for kind in ("member_code", "anonymous") for value in ("old", "M1")
    }
    assert joined.properties == {}


@pytest.mark.parametrize("made_up", ["$company_c1", None])
def test_a_group_is_no_customer(made_up: str | None) -> None:
    """An id that stands for the group, or none: the event waits in the quarantine."""
    group = event("$groupidentify", {"$group_type": "company", "$group_key": "c1"}, distinct_id=made_up)
    (refused,) = read(group).refused
    assert (refused.reason, refused.field) == ("identifier.missing", "distinct_id")


def test_an_id_a_server_sdk_made_up_is_no_member() -> None:
    """Python makes a UUID where it was told nobody."""
    personless = event("Product Viewed", {"$process_person_profile": False}, distinct_id=VISITOR)
    group = event("$groupidentify", {"$group_type": "company", "$group_key": "c1"}, distinct_id=VISITOR)
    assert one(personless).identifiers == one(group).identifiers == (COOKIE,)


def test_the_clock_is_corrected_however_the_sdk_tells_it() -> None:
    """By the batch's `sent_at`, by the query of older SDKs, or by how long ago it was."""
    slow = event("Product Viewed", KNOWN, timestamp="2026-11-23T10:50:00Z")
    (by_body,) = read({"batch": [slow], "sent_at": "2026-11-23T11:00:00Z"}).accepted
    (by_query,) = read([slow], clock=str(int((NOON - timedelta(hours=1)).timestamp() * 1000))).accepted
    ago = one(event("Product Viewed", KNOWN, timestamp=None, offset=600_000))
    assert by_body.occurred_at == by_query.occurred_at == ago.occurred_at == NOON - timedelta(minutes=10)
    assert by_body.original_at == NOON - timedelta(minutes=70)
    for nonsense in ("x", "9" * 16, "-1", ""):
        assert len(read([slow], clock=nonsense).accepted) == 1


def test_an_event_without_id_gets_one_that_its_repetition_gets_too() -> None:
    """Equal ones of a request are two."""
    bare = event("Product Viewed", KNOWN, uuid=None)
    first, second = read([bare, bare]).accepted
    again = one([bare])
    assert first.message_id == again.message_id
    assert second.message_id != first.message_id


def test_the_key_is_found_wherever_an_sdk_puts_it() -> None:
    """By the name of today or of yesterday, of the batch or of the event."""
    bodies: list[Any] = [
        {"api_key": "k"},
        {"token": "k"},
        {"properties": {"token": "k"}},
        [{}, {"properties": {"token": "k"}}],
    ]
    assert [key_within(json.dumps(body).encode()) for body in bodies] == ["k"] * 4
    assert [key_within(raw) for raw in (b"{}", b"[]", b'{"api_key":5}', b'{"properties":[]}', b"5")] == [None] * 5


def test_a_page_that_is_closed_sends_a_form() -> None:
    """Base64 in `data`, with its plus signs as they are or as spaces."""
    body = json.dumps({"batch": [], "é": ">>>???"}).encode()
    encoded = base64.b64encode(body).decode()
    assert "+" in base64.b64encode(b"\xfb\xef\xbe").decode()
    for form in (encoded, quote_plus(encoded), encoded + "&ver=1"):
        assert unformed(f"data={form}".encode()) == body
    assert unformed(b"data=++++") == b"\xfb\xef\xbe"
    assert unformed(body) == body
    with pytest.raises(MalformedBodyError, match="base64"):
        unformed(b"data=%%%")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (event("", KNOWN), "event.missing"),
        (event("Product Viewed", {}), "identifier.missing"),
        (event("Product Viewed", KNOWN, timestamp="yesterday"), "time.invalid"),
        (event("Product Viewed", KNOWN, uuid="x" * 300), "message_id.invalid"),
        (event("$identify", KNOWN | {"$set": 5}), "attributes.invalid"),
        ({"event": "x", "properties": 5}, "message.invalid"),
        (5, "message.invalid"),
        (event("Order Completed", KNOWN | {"total": "much"}), "money.invalid"),
    ],
)
def test_a_bad_event_is_refused_and_its_neighbours_go_through(bad: object, reason: str) -> None:
    """With the reason, for the quarantine."""
    parsed = read({"batch": [event("Product Viewed", KNOWN), bad]})
    assert len(parsed.accepted) == 1
    assert [refused.reason for refused in parsed.refused] == [reason]


def test_too_much_is_refused_as_a_whole() -> None:
    """By size or number."""
    with pytest.raises(BodyTooLargeError):
        read([{"x": "y" * 600_000}])
    with pytest.raises(BodyTooLargeError):
        read([{}] * 2_501)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from([*KNOWN, "$page", "$set", "$set_once", "$unset", "$anon_distinct_id", "$group_type", "alias"])


@given(
    name=st.sampled_from(["$identify", "$pageview", "$screen", "$create_alias", "$groupidentify", "$set", "x"]),
    properties=st.dictionaries(_NAMES, _VALUES, max_size=6),
    fields=st.dictionaries(st.sampled_from(["$set", "$set_once", "$unset", "timestamp", "offset", "uuid"]), _VALUES),
)
def test_every_event_is_accepted_or_refused(name: str, properties: dict[str, Any], fields: dict[str, Any]) -> None:
    """Whatever stands where."""
    parsed = read([event(name, properties) | fields])
    assert len(parsed.accepted) + len(parsed.refused) == 1


@given(raw=st.binary(max_size=80) | st.text(alphabet='{}[]":,ab1', max_size=60).map(str.encode))
def test_no_bytes_raise_anything_undocumented(raw: bytes) -> None:
    """A body is read or refused as a whole."""
    with suppress(IngestionError):
        key_within(unformed(raw))
        parse(unformed(raw), source="web", received_at=NOON, vocabulary=VOCABULARY)
