"""A person's export: everything that was sealed for her is in it, nothing of anybody else, and it is recorded."""

import json
import uuid
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.person_export.document import PersonExport
from tests.api.asking import a_name, a_phone, is_problem, profile, send, timeline, tracked
from tests.api.running import RunningKoi

_READABLE = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Co", "Cn"))
_TEXT = st.text(_READABLE, min_size=1, max_size=20)


async def _exported(client: httpx.AsyncClient, customer_id: str, **query: str) -> httpx.Response:
    answer = await client.get(f"/api/v1/customers/{customer_id}/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


async def _somebody(client: httpx.AsyncClient, mark: str) -> tuple[str, int]:
    """Somebody with a mark in every value that is sealed; returns her id and a position."""
    member, phone = f"{mark}-{a_name()}", a_phone()
    body = {
        "identifiers": [{"type": "member_code", "value": member}, {"type": "phone", "value": phone}],
        "attributes": {"name": f"{mark} 王芳", "city": "杭州", "address": {"street": f"{mark} 路"}},
    }
    answer = await client.post("/api/v1/customers", json=body)
    assert answer.status_code == 201, answer.text
    her = str(answer.json()["id"])
    consent = {"channel": "sms", "purpose": "marketing", "state": "granted", "text_version": "2026-09"}
    said = {"source": "mini-program", "evidence": f"form {mark}"}
    told = await client.post(f"/api/v1/customers/{her}/consents", json=consent | said, headers={"If-Match": "*"})
    assert told.status_code == 202, told.text
    bought = {"total": 19.9, "currency": "CNY", "receiver_name": f"{mark} 收件人", "address": f"{mark} 号"}
    position = await send(
        client, tracked(member, "Order Completed", properties=bought, traits={"email": f"{mark}@example.cn"})
    )
    return her, position


async def test_an_export_is_complete_and_holds_nothing_of_others(everything: httpx.AsyncClient) -> None:
    """By the form that is documented; who exported whom stands in the person's own timeline."""
    her, _ = await _somebody(everything, "hers")
    _, position = await _somebody(everything, "his")
    answer = await _exported(everything, her)
    document = msgspec.json.decode(answer.content, type=PersonExport)
    assert str(document.profile_id) == her
    assert {(one.type, (one.value or "")[:4]) for one in document.identities} >= {("member_code", "hers")}
    words = {one.name: one.value for one in document.attributes}
    assert words["name"] == "hers 王芳"
    assert words["address"] == {"street": "hers 路"}
    assert words["city"] == "杭州"
    assert [one.says["proof"] for one in document.consents] == [{"evidence": "form hers"}]
    (bought,) = document.facts
    assert (bought.name, bought.amount) == ("order.completed", 1990)
    assert "hers 收件人" in json.dumps(bought.personal, ensure_ascii=False)
    assert "his" not in answer.text.replace("this", "")
    recorded = int(answer.headers["koi-position"])
    happened = await timeline(everything, her, recorded)
    exported = [one for one in happened if one["kind" if "kind" in one else "type"] == "decision"]
    assert any(one["topic"] == "person.exported.v1" for one in exported)
    assert position > 0


@pytest.mark.parametrize(("lang", "title"), [("zh", "个人数据导出"), ("en", "Everything kept about a person")])
async def test_a_page_can_be_read_in_two_languages(everything: httpx.AsyncClient, lang: str, title: str) -> None:
    """Without scripts, and with every value escaped."""
    her, _ = await _somebody(everything, "<script>alert(1)</script>")
    answer = await _exported(everything, her, form="html", lang=lang)
    assert answer.headers["content-type"].startswith("text/html")
    assert title in answer.text
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 王芳" in answer.text


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.dictionaries(st.sampled_from(["name", "email", "birthday", "nickname"]), _TEXT, min_size=1),
    personal=st.dictionaries(st.sampled_from(["receiver_name", "address", "phone", "id_card"]), _TEXT, min_size=1),
)
async def test_every_sealed_value_is_in_the_export(
    everything: httpx.AsyncClient, names: dict[str, str], personal: dict[str, str]
) -> None:
    """Whatever was written for the person, of the person or in what she did."""
    member = a_name()
    # Cleaning may spell a value in its own way: the mark in it stays.
    marks = {key: uuid.uuid4().hex for key in (*names, *personal)}
    traits = {key: f"{value} {marks[key]}" for key, value in names.items()}
    properties = {key: f"{value} {marks[key]}" for key, value in personal.items()}
    position = await send(
        everything,
        {"type": "identify", "userId": member, "messageId": str(uuid.uuid4()), "traits": traits},
        tracked(member, "Order Completed", properties=properties),
    )
    her = (await profile(everything, f"member_code:{member}", position))["profile_id"]
    document: Any = (await _exported(everything, her)).json()
    found = json.dumps([document["attributes"], document["facts"]]).casefold()
    assert [key for key, mark in marks.items() if mark not in found] == []


async def test_who_may_not_see_what_is_personal_gets_nothing(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Nor is there anything about somebody who was erased, or nobody knows."""
    her, _ = await _somebody(everything, "mine")
    async with koi.client("read") as reader:
        is_problem(await reader.get(f"/api/v1/customers/{her}/export"), 403, "scope.missing")
    is_problem(await everything.get(f"/api/v1/customers/{uuid.uuid4()}/export"), 404, "customer.not_found")
    body = {"customer_id": her, "reason": "asked", "legal_basis": "pipl-47"}
    erased = await everything.post("/api/v1/erasures", json=body)
    assert erased.status_code == 201, erased.text
    assert (await everything.get(f"/api/v1/customers/{her}/export")).status_code == 404
    schema = (await everything.get("/api/v1/customers/export/schema")).json()
    assert "PersonExport" in json.dumps(schema)
