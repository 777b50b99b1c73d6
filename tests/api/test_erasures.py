"""Erasing over HTTP: a receipt, nobody comes back by a tracker or a command, every view is rebuilt identical."""

import uuid
from typing import Any

import httpx

from projections.engine.verify import verify
from projections.views import VIEWS
from tests.api.asking import a_name, a_phone, is_problem, send, tracked
from tests.api.running import RunningKoi


async def _registered(client: httpx.AsyncClient, member: str, phone: str) -> str:
    body = {
        "identifiers": [{"type": "member_code", "value": member}, {"type": "phone", "value": phone}],
        "attributes": {"name": "王芳", "city": "杭州"},
    }
    answer = await client.post("/api/v1/customers", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _erased(client: httpx.AsyncClient, key: str | None = None, **whom: Any) -> httpx.Response:
    body = {"reason": "asked at the counter", "legal_basis": "pipl-47", **whom}
    return await client.post("/api/v1/erasures", json=body, headers={"Idempotency-Key": key or str(uuid.uuid4())})


async def test_an_erased_person_is_not_taken_in_again(everything: httpx.AsyncClient, koi: RunningKoi) -> None:
    """Neither by a tracker nor by a command; the receipt says so in two languages, and names nobody."""
    member, phone = a_name(), a_phone()
    customer_id = await _registered(everything, member, phone)
    position = await send(everything, tracked(member, "Order Completed", properties={"total": 19.9, "currency": "CNY"}))
    key = str(uuid.uuid4())
    answer = await _erased(everything, key, identifiers=[{"type": "phone", "value": phone}])
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert (receipt["state"], receipt["customers"]) == ("completed", [customer_id])
    assert member not in answer.text
    assert phone not in answer.text
    assert "密钥 1" in receipt["zh"]
    assert "1 keys" in receipt["en"]
    assert (await _erased(everything, key, identifiers=[{"type": "phone", "value": phone}])).json() == receipt
    shown = await everything.get(f"/api/v1/erasures/{receipt['id']}")
    assert shown.json() == receipt
    listed = await everything.get("/api/v1/erasures", params={"limit": 1})
    assert [one["id"] for one in listed.json()["items"]] == [receipt["id"]]
    assert await send(everything, tracked(member)) == 0
    body = {"identifiers": [{"type": "phone", "value": phone}]}
    is_problem(await everything.post("/api/v1/customers", json=body), 409, "identifier.suppressed")
    described = await everything.post(
        f"/api/v1/customers/{customer_id}/attributes", json={"attributes": {"name": "王芳"}}, headers={"If-Match": "*"}
    )
    is_problem(described, 409, "customer.erased")
    metrics = (await everything.get("/metrics")).text
    assert 'outcome="suppressed"' in metrics
    assert position > 0


async def test_history_stays_whole_and_every_view_is_rebuilt_identical(
    everything: httpx.AsyncClient, koi: RunningKoi
) -> None:
    """The numbers stay, without a name; nothing about the person is left in clear in any view."""
    member, phone = a_name(), a_phone()
    customer_id = await _registered(everything, member, phone)
    consent = {"channel": "sms", "purpose": "marketing", "state": "granted", "text_version": "1", "source": "pos"}
    said = await everything.post(
        f"/api/v1/customers/{customer_id}/consents",
        json=consent | {"evidence": f"call from {phone}"},
        headers={"If-Match": "*"},
    )
    assert said.status_code == 202, said.text
    position = (await _erased(everything, customer_id=customer_id)).json()["position"]
    wait = {"Koi-Wait-For": str(position)}
    gone = await everything.get(f"/api/v1/customers/{customer_id}", headers=wait)
    is_problem(gone, 404, "customer.not_found")
    found = await everything.get("/api/v1/customers", params={"identifier": f"phone:{phone}"}, headers=wait)
    assert found.json()["items"] == []
    for view in VIEWS:
        if view.name not in {"lake", "audit_chain"}:
            assert (await verify(koi.database, view)).equal, view.name


async def test_who_may_erase_and_who_may_look(koi: RunningKoi) -> None:
    """Erasing takes the right to command and to see what is personal; receipts are the auditors'."""
    async with koi.client("command") as clerk, koi.client("audit") as auditor, koi.client("read") as reader:
        whom = [{"type": "phone", "value": a_phone()}]
        is_problem(await _erased(clerk, identifiers=whom), 403, "scope.missing")
        is_problem(await reader.get("/api/v1/erasures"), 403, "scope.missing")
        is_problem(await auditor.get(f"/api/v1/erasures/{uuid.uuid4()}"), 404, "erasure.not_found")
