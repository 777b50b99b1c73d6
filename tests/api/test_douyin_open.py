"""Douyin's open platform calls: signed over the raw body, told apart by Msg-Id."""

import hashlib
import json
import uuid
from typing import Any

import httpx
import pytest

from tests.api.asking import is_problem, profile, timeline
from tests.api.calling import declare
from tests.api.running import RunningKoi

CLIENT, CLIENT_SECRET = "awabcdefgh12345", "the-client-secret"


@pytest.fixture
async def douyin(koi: RunningKoi) -> str:
    """The address of an application."""
    return declare(koi.sources, "douyin-open", kind="douyin_open", client_key=CLIENT, client_secret=CLIENT_SECRET)


async def call(
    client: httpx.AsyncClient, address: str, message_id: str = "", secret: str = CLIENT_SECRET, **body: Any
) -> httpx.Response:
    """Call as Douyin does."""
    raw = json.dumps({"client_key": CLIENT, "log_id": "20261125", **body}).encode()
    headers = {"X-Douyin-Signature": hashlib.sha1(secret.encode() + raw, usedforsecurity=False).hexdigest()}
    headers |= {"Msg-Id": message_id} if message_id else {}
    return await client.post(address, content=raw, headers=headers | {"Content-Type": "application/json"})


async def test_douyin_checks_the_address(koi: RunningKoi, douyin: str) -> None:
    """The challenge goes back as the number it was."""
    async with koi.client() as client:
        answer = await call(client, douyin, event="verify_webhook", content={"challenge": 12345})
        forged = await call(client, douyin, secret="another", event="verify_webhook", content={"challenge": 12345})
    assert (answer.status_code, answer.json()) == (200, {"challenge": 12345})
    is_problem(forged, 403, "call.forged")


async def test_comments_follows_and_live_rooms_are_facts(
    koi: RunningKoi, douyin: str, everything: httpx.AsyncClient
) -> None:
    """The content is an object or the text of one; what a person wrote is sealed; a second try is no second fact."""
    person = f"_000{uuid.uuid4().hex}"
    comment = {"content": "多少钱", "nick_name": "小李", "reply_to_item_id": "@item", "create_time": 1_764_000_000}
    told = {"event": "item_comment_reply", "from_user_id": person, "content": json.dumps(comment)}
    async with koi.client() as client:
        for _ in range(2):
            answer = await call(client, douyin, f"m-{person}", **told)
            assert (answer.status_code, answer.text) == (200, "success")
        await call(client, douyin, f"f-{person}", event="new_follow_action", from_user_id=person, content={})
        await call(client, douyin, f"l-{person}", event="live_interact", from_user_id=person, content={"room_id": "7"})
        await call(client, douyin, f"t-{person}", event="receive_message", from_user_id=person, content="你好")
        answer = await call(client, douyin, f"u-{person}", event="moon_landing", from_user_id=person, content={"x": 1})
    position = int(answer.headers["koi-position"])
    customer = await profile(everything, f"openid:{CLIENT}:{person}", position)
    items = {one["name"]: one for one in await timeline(everything, customer["profile_id"], position) if "name" in one}
    assert customer["events"] == 5
    names = {
        "social.commented",
        "social.followed",
        "live_stream.interacted",
        "chat.message_sent",
        "custom.moon_landing",
    }
    assert items.keys() == names
    assert items["chat.message_sent"]["personal"] == {"properties": {"text": "你好"}}
    said = items["social.commented"]
    assert (said["body"]["item_id"], said["occurred_at"]) == ("@item", "2025-11-24T16:00:00Z")
    assert said["personal"] == {"properties": {"text": "多少钱", "nickname": "小李"}}
    assert items["custom.moon_landing"]["personal"] == {"properties": {"content": {"x": 1}}}


async def test_garbage_that_is_signed_is_kept(koi: RunningKoi, douyin: str, everything: httpx.AsyncClient) -> None:
    """It cannot be read and would be sent for ever."""
    raw = b"\x00garbage"
    made = hashlib.sha1(CLIENT_SECRET.encode() + raw, usedforsecurity=False).hexdigest()
    async with koi.client() as client:
        answer = await client.post(douyin, content=raw, headers={"X-Douyin-Signature": made, "Msg-Id": "g-1"})
    assert (answer.status_code, answer.text) == (200, "success")
    listed = await everything.get("/api/v1/quarantine", params={"source": "douyin-open"})
    assert "body.malformed" in {one["reason"] for one in listed.json()["items"]}
