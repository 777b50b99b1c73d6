"""What records of Sensors Analytics mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.activity import Activity
from domain.activity.operation import OperationKind
from domain.activity.vocabulary import Vocabulary
from domain.ingestion import sensors
from domain.ingestion.refusal import Limits, Refused
from domain.ingestion.sensors import Declared, Said
from domain.ingestion.sensors_presets import PRESETS
from domain.ingestion.sensors_record import Record
from domain.ingestion.sensors_request import java_hash, unwrapped

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
_MS = int(NOON.timestamp() * 1000)
_VOCABULARY = Vocabulary.load()
_DECLARED = Declared(identities={"$identity_card": "member_code"}, events={"BuyNow": "checkout.started"})


def said(*given: dict[str, Any]) -> Said:
    """What records come to that arrive at noon."""
    records = []
    for index, one in enumerate(given):
        raw = msgspec.json.encode(one)
        records.append((index, raw, msgspec.json.decode(raw, type=Record)))
    return sensors.read(
        records, source="app", received_at=NOON, vocabulary=_VOCABULARY, limits=Limits(), declared=_DECLARED
    )


def activity(**fields: Any) -> Activity:
    """The one activity of a record."""
    (only,) = said({"type": "track", "event": "Visit", "time": _MS, "distinct_id": "d1"} | fields).parsed.accepted
    return only


def refused(**fields: Any) -> Refused:
    """Why a record is refused."""
    (only,) = said({"type": "track", "event": "Visit", "time": _MS, "distinct_id": "d1"} | fields).parsed.refused
    return only


def names(**fields: Any) -> list[str]:
    """Who a record is about."""
    return [f"{one.type}:{one.value}" for one in activity(**fields).identifiers]


def test_a_distinct_id_is_a_login_only_where_something_says_so() -> None:
    """The flag, the login id beside it, a signup, or the key in front of it."""
    assert names() == ["anonymous:d1"]
    assert names(properties={"$is_login_id": True}) == ["member_code:d1"]
    assert names(login_id="d1", anonymous_id="cookie") == ["member_code:d1", "anonymous:cookie"]
    assert names(distinct_id="$identity_mobile+13800001111") == ["phone:+8613800001111"]
    assert names(distinct_id="$identity_card+M1") == ["member_code:M1"]
    assert names(distinct_id="a+b") == ["anonymous:a+b"]
    signup = {"type": "track_signup", "event": "$SignUp", "original_id": "cookie"}
    assert names(**signup) == ["member_code:d1", "anonymous:cookie", "anonymous:d1"]


def test_identities_are_named_by_their_keys() -> None:
    """An OpenID by the AppID in its key or in the properties; what nobody declared is kept sealed, and names nobody."""
    identities = {
        "$identity_login_id": "M1",
        "$identity_email": "Li@Example.cn",
        "$identity_mp_wx1_openid": "oA",
        "$identity_mp_unionid": "uA",
        "$identity_cookie_id": "c1",
        "shop_card": "77",
    }
    one = activity(distinct_id="M1", identities=identities)
    assert [f"{i.type}:{i.value}" for i in one.identifiers] == [
        "member_code:M1",
        "unionid:uA",
        "email:li@example.cn",
        "openid:wx1:oA",
        "anonymous:c1",
    ]
    assert one.personal["context"]["identities"] == {"shop_card": "77"}
    openid = {"$identity_mp_openid": "oA"}
    assert names(identities=openid, properties={"$app_id": "wx2"}) == ["openid:wx2:oA"]
    assert names(identities=openid) == ["openid:mp:oA"]


def test_a_wrong_identity_is_no_reason_to_lose_a_visit() -> None:
    """It is kept sealed and names nobody; a binding of it is refused, since that is all it says."""
    identities = {"$identity_login_id": "M1", "$identity_mobile": "12"}
    one = activity(distinct_id="M1", identities=identities)
    assert [i.value for i in one.identifiers] == ["M1"]
    assert one.personal["context"]["identities"] == {"$identity_mobile": "12"}
    assert refused(type="track_id_bind", distinct_id="M1", identities=identities).reason == "identifier.invalid"


def test_the_clients_clock_is_corrected_by_when_it_sent() -> None:
    """A phone an hour slow; a server is believed; ten digits are seconds; nothing lies in the future."""
    slow = _MS - 3_600_000
    assert activity(time=slow - 5_000, _flush_time=slow).occurred_at == NOON - timedelta(seconds=5)
    assert activity(time=slow).occurred_at == NOON - timedelta(hours=1)
    assert activity(time=slow // 1000).occurred_at == NOON - timedelta(hours=1)
    assert activity(time=_MS + 60_000).occurred_at == NOON
    wrongs: list[Any] = ["noon", 12, [], 10**15, True]
    for wrong in wrongs:
        assert refused(time=wrong).reason == "time.invalid"


def test_records_of_one_millisecond_keep_their_order() -> None:
    """A batch is in the order of the calls, its clock is coarser."""
    one = {"type": "profile_set", "time": _MS - 1000, "distinct_id": "d1", "properties": {"a": 1}}
    first, second = said(one, one).parsed.accepted
    assert first.occurred_at < second.occurred_at
    assert first.message_id != second.message_id


def test_a_repeat_is_known_by_what_does_not_change_when_it_is_sent_again() -> None:
    """Numbered records by their number; those of servers by their content without `lib` and `_flush_time`."""
    numbered = {"_track_id": 7, "properties": {"n": 1}}
    assert activity(**numbered).message_id == activity(**numbered | {"_flush_time": _MS, "lib": {}}).message_id
    assert activity(**numbered).message_id != activity(**numbered | {"_track_id": 8}).message_id
    plain = {"properties": {"n": 1}}
    assert activity(**plain, lib={"$lib": "php"}).message_id == activity(**plain, _flush_time=_MS).message_id
    assert activity(**plain).message_id != activity(properties={"n": 2}).message_id


@pytest.mark.parametrize(
    ("kind", "given", "operation", "attributes"),
    [
        ("profile_set", {"$city": "Hangzhou"}, OperationKind.SET, {"city": "Hangzhou"}),
        ("profile_set_once", {"a": 1}, OperationKind.SET_ONCE, {"a": 1}),
        ("profile_append", {"a": ["x"], "b": "y"}, OperationKind.EXTEND, {"a": ["x"], "b": ["y"]}),
        ("profile_unset", {"a": True}, OperationKind.REMOVE, {"a": True}),
        ("profile_delete", {}, OperationKind.CLEAR, {}),
    ],
)
def test_profile_records_ask_for_operations(
    kind: str, given: dict[str, Any], operation: OperationKind, attributes: dict[str, Any]
) -> None:
    """The fact tells which attributes, the operation their values: a fact's body is no place for a person's data."""
    one = activity(type=kind, event=None, properties=given | {"$is_login_id": True})
    assert one.operation is not None
    assert (one.operation.kind, one.operation.attributes) == (operation, attributes)
    assert one.properties == {"attributes": sorted(attributes)}
    assert not _VOCABULARY.kind(one.name).behaviour


def test_an_increment_is_a_fact_of_numbers() -> None:
    """No operation: what must not count twice counts when its fact is new."""
    one = activity(type="profile_increment", properties={"visits": 1, "spent": -2.5})
    assert (one.name, one.operation, one.properties) == ("profile.incremented", None, {"visits": 1, "spent": -2.5})
    for wrong in ({"a": "1"}, {"a": True}, {"a": 10**16}, {"a": None}):
        assert refused(type="profile_increment", properties=wrong).reason == "increment.invalid"
    assert refused(type="profile_increment", properties={"phone": 1}).reason == "increment.personal"
    assert refused(type="profile_append", properties={"a": [1]}).reason == "append.invalid"


def test_an_unbinding_is_said_of_what_is_cut_by_whoever_says_it() -> None:
    """Of somebody else where one is named, else of the identity itself."""
    cut = {"type": "track_id_unbind", "event": "$UnbindID", "identities": {"$identity_mobile": "13800001111"}}
    alone = activity(**cut, distinct_id="$identity_mobile+13800001111")
    by_login = activity(**cut, distinct_id="M1", login_id="M1")
    assert alone.operation is not None
    assert [str(one.type) for one in alone.operation.cut] == ["phone"]
    assert ([str(one.type) for one in alone.identifiers], [one.value for one in by_login.identifiers]) == (
        ["phone"],
        ["M1"],
    )
    assert refused(**cut | {"identities": {}}).reason == "identifier.missing"


def test_what_is_personal_is_cut_out_and_presets_find_their_place() -> None:
    """Links keep their page, addresses of the network are sealed."""
    given = {"$url": "https://shop.cn/p?phone=1", "$ip": "1.2.3.4", "$model": "X", "$title": "Tea", "n": 1}
    one = activity(event="$pageview", properties=given)
    assert one.name == "page.viewed"
    assert one.properties == {"url": "https://shop.cn/p", "title": "Tea", "n": 1}
    assert one.personal == {"properties": {"url": given["$url"]}, "context": {"ip": "1.2.3.4"}}
    assert one.context["device"] == {"model": "X"}
    assert all(preset.zh and preset.en for preset in PRESETS.values())


def test_declared_events_and_items() -> None:
    """A shop's own name of an event; a product has no customer."""
    assert activity(event="BuyNow").name == "checkout.started"
    (told,) = said({"type": "item_set", "item_type": "sku", "item_id": 7, "time": _MS}).products
    assert (told.item_id, told.is_withdrawn) == ("7", False)
    assert said({"type": "item_set", "item_type": "", "item_id": "7"}).parsed.refused[0].reason == "item.invalid"


def test_the_check_sum_is_javas() -> None:
    """As `"...".hashCode()` gives, signed, also of long texts."""
    assert [java_hash(text) for text in (b"", b"a", b"hello", b"polygenelubricants")] == [0, 97, 99162322, -(2**31)]


@given(st.binary(max_size=5_000))
def test_the_check_sum_in_blocks_is_the_plain_one(text: bytes) -> None:
    """The definition, one character after the other."""
    total = 0
    for character in text:
        total = (total * 31 + character) % 2**32
    assert java_hash(text) == (total - 2**32 if total >= 2**31 else total)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("type", "event", "distinct_id", "original_id", "login_id", "identities", "time", "properties", "_track_id")
_TYPES = ("track", "track_signup", "track_id_bind", "track_id_unbind", "profile_set", "profile_increment", "item_set")


@given(
    st.dictionaries(st.sampled_from(_FIELDS), _ANY, max_size=7),
    st.sampled_from(_TYPES),
    st.dictionaries(st.sampled_from(["$identity_mobile", "$identity_mp_a_openid", "x", "$url", "$app_id"]), _ANY),
)
def test_any_record_is_read_or_refused_with_a_reason(record: dict[str, Any], kind: str, more: dict[str, Any]) -> None:
    """Whatever its fields hold; nothing raises."""
    for one in (record, record | {"type": kind, "properties": more, "identities": more, "distinct_id": "d"}):
        found = unwrapped(b"", msgspec.json.encode([one]), Limits())
        what = sensors.read(found.records, source="s", received_at=NOON, vocabulary=_VOCABULARY, limits=Limits())
        refusals = found.refused + what.parsed.refused
        assert len(what.parsed.accepted) + len(refusals) + len(what.products) == 1
        assert all(refusal.reason and refusal.detail for refusal in refusals)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_are_unwrapped_or_kept(query: bytes, body: bytes) -> None:
    """A request is records, or a refusal that holds its bytes."""
    found = unwrapped(query, body, Limits())
    assert found.records or found.refused
