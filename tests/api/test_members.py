"""Members of a CRM in batches: good ones are durable, bad ones are named by their place, tags keep their source."""

from typing import Any

import httpx
import pytest

from tests.api.asking import a_name, a_phone, is_problem, profile
from tests.api.running import RunningKoi

TAGS = """
kind = "tags"
source = "members-crm"
[tags."咖啡爱好者"]
key = "interest.coffee"
zh = "咖啡爱好者"
en = "Coffee lover"
[tags."等级"]
key = "member.level"
zh = "会员等级"
en = "Member level"
values = { "金卡" = "gold", "银卡" = "silver" }
"""


@pytest.fixture
def crm(koi: RunningKoi) -> str:
    """A CRM whose tags are mapped."""
    koi.sources.mkdir(exist_ok=True, parents=True)
    (koi.sources / "members-crm-tags.toml").write_text(TAGS)
    return "members-crm"


def member(name: str, *tags: Any, **fields: Any) -> dict[str, Any]:
    """A member with a complete list of tags."""
    told = {"complete": True, "present": list(tags)}
    return {"identifiers": [{"type": "member_code", "value": name}], "tags": told, **fields}


async def send(client: httpx.AsyncClient, source: str, *members: Any, key: str = "") -> httpx.Response:
    """Send a batch."""
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/api/v1/members", json={"source": source, "members": list(members)}, headers=headers)


async def test_members_come_with_everything_the_crm_knows(everything: httpx.AsyncClient, crm: str) -> None:
    """Identifiers, attributes, consents with their proof, tags in the catalogue and under the CRM's own names."""
    name, phone = a_name(), a_phone()
    said = {"channel": "sms", "purpose": "marketing", "state": "granted", "text_version": "2026-09"}
    answer = await send(
        everything,
        crm,
        member(
            name,
            "咖啡爱好者",
            {"name": "等级", "value": "金卡"},
            "爱喝茶",
            identifiers=[{"type": "member_code", "value": name}, {"type": "phone", "value": phone}],
            attributes={"level": 3, "name": "王芳", "性别": "女"},
            consents=[{**said, "evidence": "form 7", "occurred_at": "2026-10-01T10:00:00+08:00"}],
        ),
    )
    assert answer.status_code == 200, answer.text
    taken = answer.json()
    assert (taken["accepted"], taken["refused"], taken["unmapped_tags"]) == (1, [], ["爱喝茶"])
    known = await profile(everything, f"phone:+86{phone}", taken["position"])
    assert known["attributes"] == {"level": 3, "name": "王芳", "sex": "female"}
    (consent,) = known["consents"]
    assert (consent["state"], consent["is_proven"], consent["source"]) == ("granted", True, crm)
    tags = {(one["key"], one["value"]): one for one in known["tags"]}
    assert tags.keys() == {("interest.coffee", ""), ("member.level", "gold"), ("crm.members_crm.爱喝茶", "")}
    assert tags["member.level", "gold"]["label"] == {"zh": "会员等级", "en": "Member level"}
    assert [(one["source"], one["name"]) for one in tags["member.level", "gold"]["sources"]] == [(crm, "等级")]
    assert tags["crm.members_crm.爱喝茶", ""]["label"] is None


async def test_a_complete_list_replaces_its_sources_words_alone(everything: httpx.AsyncClient, crm: str) -> None:
    """Two systems may say the same tag; one that stops saying so does not speak for the other."""
    name = a_name()
    await send(everything, crm, member(name, "咖啡爱好者", {"name": "等级", "value": "银卡"}))
    await send(everything, "other-crm", member(name, "VIP"))
    answer = await send(everything, crm, member(name, {"name": "等级", "value": "金卡"}))
    known = await profile(everything, f"member_code:{name}", answer.json()["position"])
    assert [(one["key"], one["value"]) for one in known["tags"]] == [
        ("crm.other_crm.vip", ""),
        ("member.level", "gold"),
    ]
    partial = {
        "identifiers": [{"type": "member_code", "value": name}],
        "tags": {"present": ["咖啡爱好者"], "absent": ["VIP"]},
    }
    answer = await send(everything, crm, partial)
    known = await profile(everything, f"member_code:{name}", answer.json()["position"])
    assert [one["key"] for one in known["tags"]] == ["crm.other_crm.vip", "interest.coffee", "member.level"]
    listed = (await everything.get("/api/v1/tags", params={"limit": 200})).json()["items"]
    found = {one["key"]: one for one in listed}
    assert found["interest.coffee"]["is_mapped"]
    assert (found["crm.other_crm.vip"]["is_mapped"], found["crm.other_crm.vip"]["names"]) == (False, ["VIP"])


async def test_bad_members_are_named_and_hold_up_no_good_one(everything: httpx.AsyncClient, crm: str) -> None:
    """Each with its place, the field, and what would be right; no value is repeated."""
    name = a_name()
    answer = await send(
        everything,
        crm,
        {"identifiers": []},
        {"identifiers": [{"type": "phone", "value": "not-a-phone"}]},
        {"identifiers": [{"type": "member_code", "value": "1"}], "tags": {"present": [" "]}},
        {"identifiers": [{"type": "member_code", "value": "1"}], "occurred_at": "2026-11-25T20:00:00"},
        {
            "identifiers": [{"type": "member_code", "value": "1"}],
            "consents": [{"channel": "sms", "purpose": "x", "state": "秘密"}],
        },
        {"identifiers": [{"type": "member_code", "value": "1"}], "colour": "red"},
        member(name, "咖啡爱好者"),
    )
    taken = answer.json()
    assert answer.status_code == 200
    assert taken["accepted"] == 1
    assert [(one["index"], one["code"], one["field"]) for one in taken["refused"]] == [
        (0, "input.invalid", "members[0].identifiers"),
        (1, "identifier.invalid", "members[1].identifiers[0].value"),
        (2, "tag.invalid", "members[2].name"),
        (3, "input.invalid", "members[3].occurred_at"),
        (4, "input.invalid", "members[4].consents[0].state"),
        (5, "input.invalid", "members[5]"),
    ]
    assert not {"not-a-phone", "秘密"} & set(answer.text.split('"'))
    assert (await profile(everything, f"member_code:{name}", taken["position"]))["tags"]


async def test_a_batch_sent_twice_happens_once(everything: httpx.AsyncClient, crm: str) -> None:
    """Under its key the first answer comes again; another batch is refused; a repeat without a key changes nothing."""
    name = a_name()
    batch = member(name, "咖啡爱好者", attributes={"level": 3})
    first = await send(everything, crm, batch, key=f"batch-{name}")
    again = await send(everything, crm, batch, key=f"batch-{name}")
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await send(everything, crm, member(name, "VIP"), key=f"batch-{name}")
    is_problem(other, 422, "idempotency.key_reused")
    known = await profile(everything, f"member_code:{name}", first.json()["position"])
    repeated = await send(everything, crm, batch)
    assert repeated.json()["position"] >= first.json()["position"]
    streams = await everything.get(f"/api/v1/audit/streams/{known['customers'][0]}")
    topics = [one["topic"] for one in streams.json()["items"]]
    assert sorted(topics) == ["customer.attributes_changed.v1", "customer.registered.v1", "customer.tagged.v1"]


async def test_a_grant_from_a_list_does_not_end_a_withdrawal(everything: httpx.AsyncClient, crm: str) -> None:
    """Not even under another identifier of the same person."""
    name, phone = a_name(), a_phone()
    by_phone = [{"type": "phone", "value": phone}]
    both = [{"type": "member_code", "value": name}, *by_phone]
    word = {"channel": "sms", "purpose": "marketing", "text_version": "2026-09"}
    withdrawn = {**word, "state": "withdrawn", "occurred_at": "2026-10-01T10:00:00+08:00"}
    await send(everything, crm, {"identifiers": by_phone, "consents": [withdrawn]})
    granted = {**word, "state": "granted", "occurred_at": "2026-11-01T10:00:00+08:00"}
    answer = await send(everything, crm, {"identifiers": both, "consents": [granted]})
    known = await profile(everything, f"member_code:{name}", answer.json()["position"])
    assert len(known["customers"]) == 2
    assert [one["state"] for one in known["consents"]] == ["withdrawn"]
    answer = await send(everything, crm, {"identifiers": both, "consents": [{**granted, "evidence": "form 7"}]})
    known = await profile(everything, f"member_code:{name}", answer.json()["position"])
    assert [one["state"] for one in known["consents"]] == ["granted"]


async def test_a_batch_is_bounded_and_needs_the_scope(
    everything: httpx.AsyncClient, source: httpx.AsyncClient, crm: str
) -> None:
    """A thousand at once, from a key that may command."""
    too_many = [{"identifiers": [{"type": "member_code", "value": str(n)}]} for n in range(1_001)]
    is_problem(await send(everything, crm, *too_many), 422, "input.invalid")
    is_problem(await send(everything, crm), 422, "input.invalid")
    is_problem(await send(everything, " ", member("m")), 422, "input.invalid")
    is_problem(await send(source, crm, member("m")), 403, "scope.missing")
