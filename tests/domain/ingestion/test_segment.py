"""The Segment family: what the SDKs send becomes activities, in the customer's time and Koi's words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rudderstack.analytics.client as rudderstack
import segment.analytics.client as segment

from domain.activity.activity import Activity
from domain.activity.vocabulary import Vocabulary
from domain.identity.identifier import Identifier, identifier
from domain.ingestion.refusal import Parsed
from domain.ingestion.segment import Headers, parse

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VOCABULARY = Vocabulary.load()
SEGMENT, RUDDERSTACK = segment.Client("key", send=False), rudderstack.Client("key", send=False)
MEMBER, COOKIE = identifier("member_code", "M1"), identifier("anonymous", "a1")

BROWSER = {
    "timestamp": "2026-11-23T11:59:00.000Z",
    "sentAt": "2026-11-23T12:00:00.000Z",
    "type": "track",
    "userId": "M1",
    "anonymousId": "a1",
    "event": "Order Completed",
    "messageId": "ajs-next-1764-1",
    "properties": {
        "order_id": "2100000000000000001",
        "total": 59.8,
        "email": "li@shop.cn",
        "products": [{"name": "Tea"}],
    },
    "context": {
        "ip": "203.0.113.9",
        "userAgent": "Mozilla/5.0",
        "locale": "zh-CN",
        "page": {"path": "/p", "url": "https://shop.cn/p?phone=1", "title": "Tea"},
        "device": {"id": "D-1", "type": "ios", "name": "Li's phone"},
        "location": {"city": "Hangzhou", "latitude": 30.27, "longitude": 120.15},
        "traits": {"email": "li@shop.cn"},
    },
    "writeKey": "key",
    "_metadata": {"bundled": []},
    "integrations": {},
}


def read(body: object, kind: str | None = "batch", headers: Headers = Headers()) -> Parsed:  # noqa: B008 - frozen
    """Read a body as one that arrived at noon."""
    raw = json.dumps(body).encode()
    return parse(raw, kind=kind, source="web", received_at=NOON, vocabulary=VOCABULARY, headers=headers)


def one(body: object, kind: str | None = None) -> Activity:
    """Read a single message that is expected to be good."""
    parsed = read(body, kind)
    assert parsed.refused == []
    (activity,) = parsed.accepted
    return activity


def sent(queued: tuple[bool, dict[str, Any]]) -> Activity:
    """Read a message that a real SDK made, in the batch that it would have sent."""
    parsed = read({"batch": [queued[1]], "sentAt": "2026-11-23T12:00:00.000Z"})
    assert parsed.refused == []
    return parsed.accepted[0]


def test_a_browsers_order_becomes_a_purchase_of_its_customer() -> None:
    """Everything a marketer asks for is plain, everything that tells who it was is apart."""
    activity = one(BROWSER)
    assert activity.name == "order.completed"
    assert (activity.source, activity.message_id) == ("web", "ajs-next-1764-1")
    assert (activity.amount, activity.currency) == (5980, "CNY")
    assert activity.occurred_at == NOON - timedelta(minutes=1)
    assert activity.identifiers == (MEMBER, identifier("device", "D-1"), COOKIE)
    assert activity.properties == {"order_id": "2100000000000000001", "total": 59.8, "products": [{"name": "Tea"}]}
    assert activity.context == {
        "locale": "zh-CN",
        "page": {"path": "/p", "url": "https://shop.cn/p", "title": "Tea"},
        "device": {"type": "ios"},
        "location": {"city": "Hangzhou"},
    }
    assert activity.personal == {
        "properties": {"email": "li@shop.cn"},
        "context": {
            "ip": "203.0.113.9",
            "userAgent": "Mozilla/5.0",
            "page": {"url": "https://shop.cn/p?phone=1"},
            "device": {"id": "D-1", "name": "Li's phone"},
            "location": {"latitude": 30.27, "longitude": 120.15},
        },
    }
    assert activity.traits == {}


@pytest.mark.parametrize("sdk", [SEGMENT, RUDDERSTACK])
def test_the_python_sdks_track(sdk: Any) -> None:
    """They send the other identifier as null."""
    activity = sent(sdk.track("M1", "Product Added", {"price": 9.9}, anonymous_id=None))
    assert (activity.name, activity.identifiers) == ("cart.item_added", (MEMBER,))
    assert activity.properties == {"price": 9.9}
    assert activity.context["library"]["name"] == "analytics-python"


@pytest.mark.parametrize("sdk", [SEGMENT, RUDDERSTACK])
def test_the_python_sdks_identify(sdk: Any) -> None:
    """Segment's sends the traits on top, RudderStack's in the context; phone and e-mail identify, too."""
    activity = sent(sdk.identify("M1", {"email": "Li@Shop.cn", "phone": "13800138000", "level": "gold", "gone": None}))
    assert activity.name == "customer.identified"
    assert activity.traits == {"email": "Li@Shop.cn", "phone": "13800138000", "level": "gold"}
    assert activity.identifiers == (MEMBER, identifier("phone", "13800138000"), identifier("email", "li@shop.cn"))
    assert activity.properties == {}
    assert "traits" not in activity.context


@pytest.mark.parametrize("sdk", [SEGMENT, RUDDERSTACK])
def test_the_python_sdks_page_screen_group_and_alias(sdk: Any) -> None:
    """A page's name is a property wherever it was sent; an alias joins both ids."""
    page = sent(sdk.page("M1", "Shop", "Home", {"path": "/"}))
    assert (page.name, page.properties) == ("page.viewed", {"name": "Home", "category": "Shop", "path": "/"})
    assert sent(sdk.screen("M1", "Shop", "Cart", {})).name == "screen.viewed"
    group = sent(sdk.group("M1", 7, {"name": "Acme", "plan": "b2b"}))
    assert group.properties == {"group_id": 7, "group": {"name": "Acme", "plan": "b2b"}}
    assert group.traits == {}
    alias = sent(sdk.alias("a1", "M1"))
    assert alias.name == "customer.aliased"
    assert {MEMBER, COOKIE} <= set(alias.identifiers)


def test_a_members_number_is_text_and_a_visitor_needs_only_a_cookie() -> None:
    """Numbers beyond 2^53 arrive whole; one identifier is enough."""
    activity = one(BROWSER | {"userId": 2100000000000000001})
    assert activity.identifiers[0] == identifier("member_code", "2100000000000000001")
    visitor = {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "userId": None}
    assert one(visitor).identifiers == (COOKIE,)


@pytest.mark.parametrize("nobody", ["", "null", "undefined", None, 0, "[object Object]"])
def test_a_placeholder_for_nobody_does_not_join_strangers(nobody: object) -> None:
    """The visitor stays the visitor, whatever a careless page puts in place of a user."""
    assert one(BROWSER | {"userId": nobody, "context": {}}).identifiers == (COOKIE,)
    (refused,) = read({"batch": [BROWSER | {"userId": nobody, "anonymousId": nobody, "context": {}}]}).refused
    assert (refused.reason, refused.field) == ("identifier.missing", "userId")


def test_external_ids_of_known_types_identify() -> None:
    """Segment lists them as externalIds, RudderStack as externalId; a loyalty system's own types are passed over."""
    listed = [
        {"id": "wx1:oAbC", "type": "openid", "collection": "users", "encoding": "none"},
        {"id": "13800138000", "type": "phone"},
        {"id": "x", "type": "brazeExternalId"},
        "nonsense",
    ]
    expected = (identifier("phone", "13800138000"), identifier("openid", "wx1:oAbC"), COOKIE)
    for key in ("externalIds", "externalId"):
        activity = one(BROWSER | {"userId": None, "context": {key: listed}})
        assert activity.identifiers == expected
        assert activity.context == {}
    (refused,) = read(BROWSER | {"context": {"externalIds": [{"id": "oAbC", "type": "openid"}]}}, None).refused
    assert refused.field == "context.externalIds.0.id"
    assert "colon" in refused.detail


def test_a_wrong_phone_in_a_form_is_no_reason_to_refuse_the_customer() -> None:
    """People type what they like; the member code is right all the same."""
    activity = one({"userId": "M1", "traits": {"phone": "12", "email": "li"}}, "identify")
    assert activity.identifiers == (MEMBER,)
    assert activity.traits == {"phone": "12", "email": "li"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("identify", "customer.identified"), ("i", "customer.identified"), ("track", "product.viewed")),
        *(("t", "product.viewed"), ("page", "page.viewed"), ("p", "page.viewed"), ("screen", "screen.viewed")),
        *(("s", "screen.viewed"), ("group", "customer.grouped"), ("g", "customer.grouped")),
        *(("alias", "customer.aliased"), ("a", "customer.aliased"), (None, "product.viewed")),
    ],
)
def test_a_single_message_is_what_its_endpoint_says(kind: str | None, name: str) -> None:
    """Plain HTTP users leave out the type; without an endpoint the type tells."""
    message = {"userId": "M1", "event": "Product Viewed", "previousId": "a1"} | ({} if kind else {"type": "track"})
    assert one(message, kind).name == name


def test_no_endpoint_of_another_name_is_read() -> None:
    """A slip in a route is found at once."""
    with pytest.raises(ValueError, match="merge"):
        read({}, "merge")


def test_what_a_batch_says_for_all_goes_behind_what_a_message_says() -> None:
    """Context and time of sending may stand on the batch."""
    first = {"type": "track", "event": "x", "userId": "M1", "timestamp": "2026-11-23T10:59:00Z"}
    second = first | {"context": {"locale": "en-GB"}, "sentAt": "2026-11-23T12:00:00Z"}
    shared = {"context": {"locale": "zh-CN", "app": {"name": "Till"}}, "sentAt": "2026-11-23T11:00:00Z"}
    one_, other = read({"batch": [first, second]} | shared).accepted
    assert one_.context == {"locale": "zh-CN", "app": {"name": "Till"}}
    assert other.context == {"locale": "en-GB", "app": {"name": "Till"}}
    assert one_.occurred_at == NOON - timedelta(minutes=1)
    assert other.occurred_at == NOON - timedelta(minutes=61)
    assert (one_.original_at, one_.sent_at) == (NOON - timedelta(minutes=61), NOON - timedelta(hours=1))


def test_a_nonsense_time_of_sending_only_loses_the_correction() -> None:
    """It serves to measure the clock and for nothing else."""
    assert one(BROWSER | {"sentAt": "soon"}).occurred_at == NOON - timedelta(minutes=1)


def test_a_message_without_id_gets_one_that_its_repetition_gets_too() -> None:
    """A retry carries a new time of sending and is the same message all the same."""
    message = {key: value for key, value in BROWSER.items() if key != "messageId"}
    again = message | {"sentAt": "2026-11-23T12:00:03.000Z"}
    assert one(message).message_id == one(again).message_id
    assert one(message).message_id != one(message | {"event": "Product Viewed"}).message_id
    twice = read({"batch": [message, message]}).accepted
    assert twice[0].message_id != twice[1].message_id
    assert one({"userId": "M1", "event": "x", "messageId": 17}, "track").message_id == "17"


def test_a_message_without_id_and_time_counts_each_time_it_arrives() -> None:
    """Otherwise a customer could look at a product only once."""
    body = b'{"userId":"M1","event":"Product Viewed"}'
    ids = {
        parse(body, kind="track", source="web", received_at=at, vocabulary=VOCABULARY).accepted[0].message_id
        for at in (NOON, NOON + timedelta(hours=1))
    }
    assert len(ids) == 2


@pytest.mark.parametrize("order", [lambda found: found, lambda found: found[::-1]])
def test_the_strongest_identifier_comes_first(order: Callable[[list[Any]], list[Any]]) -> None:
    """It names the customer, whatever the order in the message."""
    listed = order([{"type": "unionid", "id": "u1"}, {"type": "phone", "id": "13800138000"}])
    found: tuple[Identifier, ...] = one(BROWSER | {"userId": None, "context": {"externalIds": listed}}).identifiers
    assert [identifier.type for identifier in found] == ["unionid", "phone", "anonymous"]


def test_headers_count_where_the_body_is_silent() -> None:
    """RudderStack's browser SDK tells the visitor and its clock beside the body as well."""
    told = Headers(anonymous_id="a1", sent_at="2026-11-23T11:00:00Z")
    bare = {"type": "track", "event": "Product Viewed", "timestamp": "2026-11-23T10:00:00Z"}
    (silent,) = read(bare, None, told).accepted
    assert silent.identifiers == (COOKIE,)
    assert silent.occurred_at == NOON - timedelta(hours=1), "an hour slow"
    (spoken,) = read(bare | {"userId": "M1", "sentAt": "2026-11-23T12:00:00Z"}, None, told).accepted
    assert spoken.identifiers == (MEMBER,), "whoever the message names, the header joins nobody to them"
    assert spoken.occurred_at == NOON - timedelta(hours=2)


def test_a_wish_where_not_to_pass_it_on_is_kept() -> None:
    """For all of a batch or for one message, which goes before it; going anywhere is no wish."""
    wish = {"Ads": False}
    first, second, third = read(
        {
            "batch": [
                {"type": "page", "userId": "M1", "integrations": {"All": True}, "channel": "web"},
                {"type": "page", "userId": "M1", "integrations": {"Ads": True, "CRM": False}},
                {"type": "page", "userId": "M1", "integrations": "nonsense"},
            ],
            "integrations": wish,
        }
    ).accepted
    assert first.context == {"channel": "web", "integrations": {"Ads": False, "All": True}}
    assert second.context == {"integrations": {"Ads": True, "CRM": False}}
    assert third.context == {"integrations": wish}
    assert one({"type": "page", "userId": "M1", "integrations": {"All": True}}).context == {}
