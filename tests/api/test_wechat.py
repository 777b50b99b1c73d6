"""WeChat's calls, made by WeChat's own rules (wechatpy), against a running Koi."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.api.asking import is_problem, profile, timeline
from tests.api.calling import (
    AES_KEY,
    APP,
    TOKEN,
    a_message_id,
    an_openid,
    declare,
    encrypted,
    event,
    post,
    signed,
    xml,
)
from tests.api.running import RunningKoi

_SCENES = {"hz12": "hangzhou-12"}


@pytest.fixture
async def plain(koi: RunningKoi) -> str:
    """The address of an account in plain mode."""
    return declare(
        koi.sources, "wechat-plain", kind="wechat", app_id=APP, token=TOKEN, store_prefix="store_", scenes=_SCENES
    )


@pytest.fixture
async def safe(koi: RunningKoi) -> str:
    """The address of an account in safe mode."""
    return declare(koi.sources, "wechat-safe", kind="wechat", app_id=APP, token=TOKEN, aes_key=AES_KEY)


async def facts(everything: httpx.AsyncClient, openid: str, position: int) -> dict[str, dict[str, Any]]:
    """What a follower did, by name."""
    customer = await profile(everything, f"openid:{APP}:{openid}", position)
    items = await timeline(everything, customer["profile_id"], position)
    return {one["name"]: one for one in items if "name" in one}


async def test_wechat_checks_the_address(koi: RunningKoi, plain: str) -> None:
    """The echo goes back as it came, to who knows the token alone."""
    async with koi.client() as wechat:
        right = await wechat.get(plain, params=signed(echostr="5838479218127813673"))
        wrong = await wechat.get(plain, params=signed("another token", echostr="5838479218127813673"))
    assert (right.status_code, right.text) == (200, "5838479218127813673")
    assert right.headers["content-type"].startswith("text/plain")
    is_problem(wrong, 403, "call.forged")


async def test_a_scanned_code_of_a_shop_makes_a_follower_of_that_shop(
    koi: RunningKoi, plain: str, everything: httpx.AsyncClient
) -> None:
    """The scene of the code stands for the store; the openid is scoped by the app."""
    openid, other = an_openid(), an_openid()
    async with koi.client() as wechat:
        await post(wechat, plain, event(openid, "subscribe", EventKey="qrscene_hz12", Ticket="t"), signed())
        position = await post(wechat, plain, event(other, "SCAN", EventKey="store_sh3", Ticket="t"), signed())
    found = await facts(everything, openid, position)
    assert {name: one["body"]["store"] for name, one in found.items()} == {
        "social.followed": "hangzhou-12",
        "qr.scanned": "hangzhou-12",
    }
    assert found["social.followed"]["source"] == "wechat-plain"
    scanned = (await facts(everything, other, position))["qr.scanned"]["body"]
    assert (scanned["scene"], scanned["store"], scanned["is_follower"]) == ("store_sh3", "sh3", True)


async def test_what_a_customer_writes_is_sealed(koi: RunningKoi, safe: str, everything: httpx.AsyncClient) -> None:
    """In safe mode, by MsgId once; the words lie under the customer's key, their kind in the open."""
    openid = an_openid()
    written = xml(
        ToUserName="gh_123",
        FromUserName=openid,
        CreateTime=int(time.time()),
        MsgType="text",
        Content="我的手机是13800138000",
        MsgId=int(a_message_id()),
    )
    async with koi.client() as wechat:
        first = await post(wechat, safe, *encrypted(written))
        again = await post(wechat, safe, *encrypted(written))
    assert again >= first
    customer = await profile(everything, f"openid:{APP}:{openid}", first)
    assert customer["events"] == 1
    fact = (await facts(everything, openid, first))["chat.message_sent"]
    assert fact["body"]["message_type"] == "text"
    assert "13800138000" not in json.dumps(fact["body"])
    assert fact["personal"] == {"properties": {"text": "我的手机是13800138000"}}


async def test_compatible_mode_and_json_are_read_by_what_is_encrypted(
    koi: RunningKoi, safe: str, everything: httpx.AsyncClient
) -> None:
    """What stands beside it in clear is not signed: somebody may have changed it on the way."""
    openid, other, stranger = an_openid(), an_openid(), an_openid()
    body, query = encrypted(event(openid, "CLICK", EventKey="menu"))
    compatible = body.replace("<xml>", f"<xml><FromUserName><![CDATA[{stranger}]]></FromUserName>", 1)
    told = {"FromUserName": other, "CreateTime": 1_764_000_000, "MsgType": "event", "Event": "user_enter_tempsession"}
    sealed, signed_by = encrypted(json.dumps({**told, "SessionFrom": "shop"}))
    in_json = json.dumps({"ToUserName": "gh_1", "Encrypt": sealed.partition("CDATA[")[2].partition("]]>")[0]})
    async with koi.client() as wechat:
        await post(wechat, safe, compatible, query)
        position = await post(wechat, safe, in_json, signed_by)
    assert "menu.clicked" in await facts(everything, openid, position)
    assert (await facts(everything, other, position))["chat.entered"]["body"]["session_from"] == "shop"
    found = await everything.get("/api/v1/customers", params={"identifier": f"openid:{APP}:{stranger}"})
    assert found.json()["items"] == []


async def test_an_event_told_three_times_happened_once(
    koi: RunningKoi, plain: str, everything: httpx.AsyncClient
) -> None:
    """WeChat tries again after 5 seconds; another second or another key is another event."""
    openid = an_openid()
    click = event(openid, "CLICK", EventKey="coupons", CreateTime=1_764_000_000)
    async with koi.client() as wechat:
        for _ in range(3):
            position = await post(wechat, plain, click, signed())
        later = event(openid, "CLICK", EventKey="coupons", CreateTime=1_764_000_001)
        position = await post(wechat, plain, later, signed())
    customer = await profile(everything, f"openid:{APP}:{openid}", position)
    assert customer["events"] == 2
    items = await timeline(everything, customer["profile_id"], position)
    assert [one["occurred_at"] for one in items if "name" in one] == ["2025-11-24T16:00:01Z", "2025-11-24T16:00:00Z"]


@pytest.mark.parametrize("is_json", [False, True])
async def test_answers_to_a_prompt_are_credits_and_words_on_consent(
    koi: RunningKoi, plain: str, everything: httpx.AsyncClient, *, is_json: bool
) -> None:
    """A list, or one thing that stands without; XML nests it once more than JSON."""
    openid = an_openid()
    one = {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"}
    two = {"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "0"}
    async with koi.client() as wechat:
        prompts: list[Any] = [[one, two], {**two, "TemplateId": "T3"}]
        for number, listed in enumerate(prompts):
            head = {"FromUserName": openid, "CreateTime": 1_764_000_000 + number, "MsgType": "event"}
            name = "subscribe_msg_popup_event"
            body: dict[str, Any] = {**head, "ToUserName": "gh_1", "Event": name}
            told = (
                json.dumps({**body, "List": listed})
                if is_json
                else xml(**body, SubscribeMsgPopupEvent={"List": listed})
            )
            position = await post(wechat, plain, told, signed())
    customer = await profile(everything, f"openid:{APP}:{openid}", position)
    assert {(c["channel"], c["purpose"]): c["state"] for c in customer["consents"]} == {
        ("wechat_subscribe", "template:T1"): "granted",
        ("wechat_subscribe", "template:T2"): "withdrawn",
        ("wechat_subscribe", "template:T3"): "withdrawn",
    }
    assert {c["source"] for c in customer["consents"]} == {"provider"}
    items = await timeline(everything, customer["profile_id"], position)
    told_of = {one["body"]["template_id"]: (one["name"], one["body"]["credits"]) for one in items if "name" in one}
    assert told_of == {
        "T1": ("subscription.accepted", 1),
        "T2": ("subscription.rejected", 0),
        "T3": ("subscription.rejected", 0),
    }


async def test_a_blocked_message_withdraws_the_consent_of_its_channel(
    koi: RunningKoi, plain: str, everything: httpx.AsyncClient
) -> None:
    """What a person tells WeChat of our messages is told to us; the evidence names the receipt."""
    openid = an_openid()
    async with koi.client() as wechat:
        receipt = event(openid, "TEMPLATESENDJOBFINISH", MsgID=200163836, Status="failed:user block")
        for _ in range(2):
            position = await post(wechat, plain, receipt, signed())
        failed = event(openid, "TEMPLATESENDJOBFINISH", MsgID=200163837, Status="failed: system failed")
        sent = event(openid, "TEMPLATESENDJOBFINISH", MsgID=200163838, Status="success")
        await post(wechat, plain, failed, signed())
        position = await post(wechat, plain, sent, signed())
    customer = await profile(everything, f"openid:{APP}:{openid}", position)
    (consent,) = customer["consents"]
    assert (consent["channel"], consent["purpose"], consent["state"]) == ("wechat_template", "marketing", "withdrawn")
    items = await timeline(everything, customer["profile_id"], position)
    outcomes = [(one["name"], one["body"]["outcome"]) for one in items if "name" in one]
    assert sorted(outcomes) == [
        ("social.message_delivered", "delivered"),
        ("social.message_failed", "opted_out"),
        ("social.message_failed", "retry_later"),
    ]
    (word,) = [one for one in items if one.get("topic") == "customer.consent_changed.v3"]
    assert "proof" not in word["summary"]
    stream = (await everything.get(f"/api/v1/audit/streams/{word['stream_id']}")).json()["items"]
    (proof,) = [one["payload"]["proof"] for one in stream if one["topic"] == "customer.consent_changed.v3"]
    assert proof["evidence"].startswith("wechat-plain: TEMPLATESENDJOBFINISH")


async def test_a_call_that_is_not_wechats_is_refused(koi: RunningKoi, plain: str, safe: str) -> None:
    """Another token, another app, another key, a clear message where a sealed one is due: nothing is believed."""
    told = event(an_openid(), "unsubscribe")
    body, query = encrypted(told)
    others = [
        (plain, told, signed("another token")),
        (plain, told, {}),
        (safe, told, signed()),
        (safe, *encrypted(told, token="another")),
        (safe, *encrypted(told, app="wx0000000000000000")),
        (safe, *encrypted(told, key=AES_KEY[::-1])),
        (safe, body, query | {"nonce": "1"}),
        (safe, body.replace("<Encrypt><![CDATA[", "<Encrypt><![CDATA[AAAA"), query),
    ]
    async with koi.client() as forger:
        for address, content, parameters in others:
            answer = await forger.post(address, content=content, params=dict(parameters))
            is_problem(answer, 403, "call.forged")
        for address in ("/hooks/wechat-plain/wrong-secret", "/hooks/nobody/a-secret-nobody-guesses"):
            is_problem(await forger.post(address, content=told, params=signed()), 404, "route.not_found")


_BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'
_OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><MsgType>&e;</MsgType></xml>'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (_BOMB, "body.malformed"),
        (_OUTSIDE, "body.malformed"),
        ("<xml>" + "<a>" * 5_000 + "</a>" * 5_000 + "</xml>", "body.too_deep"),
        ("<xml><MsgType>text</MsgType>", "body.malformed"),
        ("garbage \u0000\ufffd", "body.malformed"),
        ("{" + '"a":{' * 40 + "}" * 41, "message.too_deep"),
        (xml(MsgType="event", Event="CLICK", FromUserName="o1", CreateTime="yesterday"), "time.invalid"),
        (xml(MsgType="event", Event="CLICK", CreateTime=1_764_000_000), "field.missing"),
        (xml(FromUserName="o1", CreateTime=1_764_000_000), "field.missing"),
    ],
)
async def test_what_cannot_be_read_is_answered_and_kept(
    koi: RunningKoi, plain: str, everything: httpx.AsyncClient, body: str, reason: str
) -> None:
    """Another try of WeChat's would read no better; the message lies in the quarantine with its reason."""
    async with koi.client() as wechat:
        await post(wechat, plain, body.encode(), signed())
    listed = await everything.get("/api/v1/quarantine", params={"source": "wechat-plain"})
    assert reason in {one["reason"] for one in listed.json()["items"]}


async def test_a_body_beyond_reason_is_refused_unread(koi: RunningKoi, plain: str) -> None:
    """No message of WeChat has a megabyte."""
    async with koi.client() as wechat:
        answer = await wechat.post(plain, content=b"<xml>" + b"a" * 2_000_000, params=signed())
    is_problem(answer, 413, "body.too_large")


async def test_an_event_nobody_knows_yet_is_kept_with_everything_sealed(
    koi: RunningKoi, plain: str, everything: httpx.AsyncClient
) -> None:
    """Platforms invent events; what they say may be personal."""
    openid = an_openid()
    async with koi.client() as wechat:
        told = event(openid, "user_bought_moon_cake", Address="杭州市西湖区", Nested={"Phone": "13800138000"})
        position = await post(wechat, plain, told, signed())
    fact = (await facts(everything, openid, position))["custom.user_bought_moon_cake"]
    assert fact["body"].keys() == {"event", "$"}
    assert fact["personal"]["properties"]["Address"] == "杭州市西湖区"
    assert openid not in json.dumps(fact["body"])
