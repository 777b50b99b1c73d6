"""WeCom's calls, signed and encrypted by WeCom's own library (npm @wecom/crypto) and by wechatpy."""

import time
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from commands.callbacks.hints import Hints
from commands.runtime.event_store import open_pool
from tests.api.asking import is_problem, profile, timeline
from tests.api.calling import AES_KEY, TOKEN, declare, encrypted, post, xml
from tests.api.running import RunningKoi
from tests.clients.running import run_node

CORP = "ww1a2b3c4d5e6f7a8b"


@pytest.fixture
async def wecom(koi: RunningKoi) -> str:
    """The address of a company."""
    return declare(
        koi.sources,
        "wecom-main",
        kind="wecom",
        corp_id=CORP,
        token=TOKEN,
        aes_key=AES_KEY,
        scenes={"hz": "hangzhou-12"},
    )


def a_customer() -> str:
    """A customer's id within the company."""
    return f"wm{uuid.uuid4().hex}"


def contact(change: str, customer: str, guide: str = "zhang", **fields: Any) -> str:
    """A change of the relation of a customer and a guide."""
    return xml(
        ToUserName=CORP,
        FromUserName="sys",
        CreateTime=fields.pop("CreateTime", int(time.time())),
        MsgType="event",
        Event="change_external_contact",
        ChangeType=change,
        UserID=guide,
        ExternalUserID=customer,
        **fields,
    )


def chat(detail: str, *members: str, chat_id: str = "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA") -> str:
    """A change of a customer group."""
    return xml(
        ToUserName=CORP,
        FromUserName="sys",
        CreateTime=int(time.time()),
        MsgType="event",
        Event="change_external_chat",
        ChatId=chat_id,
        ChangeType="update",
        UpdateDetail=detail,
        JoinScene=1,
        MemChangeList={"Item": list(members)},
    )


async def facts(everything: httpx.AsyncClient, customer: str, position: int) -> list[dict[str, Any]]:
    """What happened to a customer, the oldest first."""
    known = await profile(everything, f"external_userid:{CORP}:{customer}", position)
    items = await timeline(everything, known["profile_id"], position)
    return [one for one in reversed(items) if "name" in one]


async def test_wecoms_own_library_is_understood(
    koi: RunningKoi, wecom: str, everything: httpx.AsyncClient, javascript: Path
) -> None:
    """It checks the address and calls; the relation becomes facts of the customer, the channel code a store."""
    customer = a_customer()
    began = int(time.time()) - 10
    messages = [
        contact("add_external_contact", customer, State="hz", WelcomeCode="WELCOME", CreateTime=began),
        contact("add_external_contact", customer, State="hz", WelcomeCode="WELCOME", CreateTime=began),
        contact("edit_external_contact", customer, CreateTime=began + 1),
        contact("del_follow_user", customer, CreateTime=began + 2),
        contact("transfer_fail", customer, FailReason="customer_refused", CreateTime=began + 3),
    ]
    assert javascript.is_dir()
    told = {"token": TOKEN, "key": AES_KEY, "corp": CORP, "messages": messages}
    assert await run_node("wecom.cjs", url=koi.url + wecom, **told) == ""
    async with koi.client() as client:
        position = await post(client, wecom, *encrypted(contact("del_external_contact", customer), app=CORP))
    found = await facts(everything, customer, position)
    assert [one["name"] for one in found] == [
        "guide.customer_added",
        "guide.customer_updated",
        "guide.left_by_customer",
        "guide.transfer_failed",
        "guide.customer_removed",
    ]
    added, failed = found[0], found[3]
    assert {name: added["body"][name] for name in ("guide_id", "scene", "store")} == {
        "guide_id": "zhang",
        "scene": "hz",
        "store": "hangzhou-12",
    }
    assert added["personal"] == {"properties": {"WelcomeCode": "WELCOME"}}
    assert failed["body"]["fail_reason"] == "customer_refused"


async def test_who_joins_a_customer_group_is_known_and_the_group_is_asked_for(
    koi: RunningKoi, wecom: str, everything: httpx.AsyncClient
) -> None:
    """Staff join as well, which is nobody's fact; a changed group or tag waits to be asked for."""
    one, other = a_customer(), a_customer()
    tag = xml(
        ToUserName=CORP,
        FromUserName="sys",
        CreateTime=int(time.time()),
        MsgType="event",
        Event="change_external_tag",
        Id="etAJ2GCAAAXtWyujaWJHDDGi0mACAAAA",
        TagType="tag",
        ChangeType="create",
    )
    async with koi.client() as client:
        await post(client, wecom, *encrypted(chat("add_member", one, "zhang", other), app=CORP))
        position = await post(client, wecom, *encrypted(chat("del_member", other), app=CORP))
        await post(client, wecom, *encrypted(chat("change_name"), app=CORP))
        await post(client, wecom, *encrypted(tag, app=CORP))
    assert [fact["name"] for fact in await facts(everything, one, position)] == ["group_chat.joined"]
    assert {fact["name"] for fact in await facts(everything, other, position)} == {
        "group_chat.joined",
        "group_chat.left",
    }
    async with await open_pool(koi.database, size=1) as pool:
        assert await _subjects(pool) == {
            "chat:wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA",
            "tag:etAJ2GCAAAXtWyujaWJHDDGi0mACAAAA",
        }


async def _subjects(pool: asyncpg.Pool) -> set[str]:
    return {one.subject for one in await Hints(pool).waiting("wecom-main")}


async def test_a_call_for_another_company_is_refused_and_one_nobody_knows_is_kept(
    koi: RunningKoi, wecom: str, everything: httpx.AsyncClient
) -> None:
    """The company's id within the envelope must be ours; an event that is new waits in the quarantine."""
    told = contact("add_external_contact", a_customer())
    async with koi.client() as client:
        for body, query in (encrypted(told, app="ww0"), encrypted(told, app=CORP, token="another"), (told, {})):
            is_problem(await client.post(wecom, content=body, params=dict(query)), 403, "call.forged")
        is_problem(await client.get(wecom, params={"echostr": "abc", "msg_signature": "x"}), 403, "call.forged")
        await post(client, wecom, *encrypted(contact("become_a_friend", a_customer()), app=CORP))
    listed = await everything.get("/api/v1/quarantine", params={"source": "wecom-main"})
    assert {(one["reason"], one["detail"].partition(":")[0]) for one in listed.json()["items"]} == {
        ("event.unknown", "ChangeType")
    }
