"""What WeChat's events come to in Koi's words: names, what stays open, what is sealed, what it means for consent."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.activity.vocabulary import Vocabulary
from domain.ingestion.callbacks.attribution import Stores
from domain.ingestion.callbacks.call import Hint, Received
from domain.ingestion.callbacks.wechat import WeChat
from domain.ingestion.refusal import MessageError

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
VOCABULARY = Vocabulary.load()
OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"


def told(event: str, **fields: Any) -> Received:
    """What an event says."""
    wechat = WeChat(source="mini", app_id="wx1", token="t", key=None, stores=Stores(), vocabulary=VOCABULARY)
    head = {"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": 1_764_000_000, "MsgType": "event"}
    return wechat.read(json.dumps({**head, "Event": event, **fields}).encode(), NOW)


@pytest.mark.parametrize(
    ("event", "fields", "name", "plain", "sealed"),
    [
        ("unsubscribe", {}, "social.unfollowed", {}, {}),
        ("CLICK", {"EventKey": "V1"}, "menu.clicked", {"menu_key": "V1"}, {}),
        ("VIEW", {"EventKey": "https://a/?phone=1"}, "menu.clicked", {}, {"url": "https://a/?phone=1"}),
        (
            "LOCATION",
            {"Latitude": "30.2", "Longitude": 120.1},
            "location.reported",
            {},
            {"latitude": "30.2", "longitude": "120.1"},
        ),
        (
            "scancode_waitmsg",
            {"EventKey": "k", "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "1"}},
            "menu.clicked",
            {"menu_key": "k", "scan_type": "qrcode"},
            {"scan_result": "1"},
        ),
        ("user_enter_tempsession", {"SessionFrom": "shop"}, "chat.entered", {"session_from": "shop"}, {}),
        (
            "user_get_card",
            {"CardId": "p1", "UserCardCode": "7"},
            "coupon.claimed",
            {"card_id": "p1", "coupon_code": "7"},
            {},
        ),
        ("user_del_card", {"CardId": "p1"}, "coupon.discarded", {"card_id": "p1"}, {}),
    ],
)
def test_an_event_becomes_one_fact(
    event: str, fields: dict[str, Any], name: str, plain: dict[str, str], sealed: dict[str, str]
) -> None:
    """What tells who or where a person is lies under her key; the OpenID names her within its app alone."""
    (activity,) = told(event, **fields).parsed.accepted
    assert (activity.name, activity.properties, activity.personal.get("properties", {})) == (name, plain, sealed)
    assert [str(one.value) for one in activity.identifiers] == [f"wx1:{OPENID}"]
    assert VOCABULARY.kind(name).zh != name


@pytest.mark.parametrize(
    ("code", "status", "outcome", "is_withdrawn"),
    [
        ("0", "success", "delivered", False),
        ("43101", "user refuse to accept the msg", "opted_out", True),
        ("45009", "reach max api daily quota limit", "quota", False),
        ("99999", "who knows", "unknown", False),
        ("", "failed:user block", "opted_out", True),
    ],
)
def test_a_receipt_has_an_outcome_and_an_opt_out_ends_that_template(
    code: str, status: str, outcome: str, *, is_withdrawn: bool
) -> None:
    """Of one message, standing without a list around it."""
    sent = {"TemplateId": "T1", "MsgID": "18", "ErrorCode": code, "ErrorStatus": status}
    received = told("subscribe_msg_sent_event", List=sent)
    (activity,) = received.parsed.accepted
    assert activity.properties["outcome"] == outcome
    assert (activity.name == "social.message_delivered") is (outcome == "delivered")
    words = [(one.channel, one.purpose, one.state) for one in received.consents]
    assert words == ([("wechat_subscribe", "template:T1", "withdrawn")] if is_withdrawn else [])


def test_a_rejection_in_the_settings_spends_all_credits() -> None:
    """Only `reject` is pushed there; what it is about, and the proof, are the same each time."""
    listed = [{"TemplateId": "T1", "SubscribeStatusString": "reject"}]
    one, again = (told("subscribe_msg_change_event", List=listed) for _ in range(2))
    assert one == again
    (activity,), (word,) = one.parsed.accepted, one.consents
    assert (activity.name, activity.properties["credits"]) == ("subscription.rejected", 0)
    assert (word.purpose, word.state, word.text_version) == ("template:T1", "withdrawn", "T1")


def test_the_person_whose_authorisation_ends_is_named_by_her_own_openid() -> None:
    """The message itself comes from the platform."""
    received = told("user_authorization_revoke", FromUserName="gh_platform", OpenID=OPENID, RevokeInfo="301,302")
    (duty,) = received.erasures
    assert [one.value for one in duty.identifiers] == [f"wx1:{OPENID}"]
    assert OPENID not in duty.evidence
    assert received.parsed.accepted[0].properties == {"withdrawn": "301,302"}


def test_what_is_about_the_account_is_a_hint() -> None:
    """Nobody is registered by it."""
    received = told("MASSSENDJOBFINISH", MsgID=1_000_001_625)
    assert received.parsed.accepted == []
    assert [type(one) for one in received.hints] == [Hint]


def test_a_unionid_names_more_than_the_openid() -> None:
    """It is the stronger of the two."""
    (activity,) = told("CLICK", EventKey="k", UnionId="oUnion123456789").parsed.accepted
    assert [str(one.type) for one in activity.identifiers] == ["unionid", "openid"]


@pytest.mark.parametrize("when", ["yesterday", "", 5, -1, 10**30])
def test_a_time_that_is_none_is_refused(when: Any) -> None:
    """Two events would be one."""
    with pytest.raises(MessageError) as refusal:
        told("CLICK", CreateTime=when)
    assert refusal.value.field == "CreateTime"


@pytest.mark.parametrize("event", ["subscribe_msg_popup_event", "subscribe_msg_sent_event"])
def test_a_list_that_is_not_there_is_refused(event: str) -> None:
    """It is kept in the quarantine: it would be a word on consent that nobody heard."""
    with pytest.raises(MessageError) as refusal:
        told(event)
    assert refusal.value.field == "List"
