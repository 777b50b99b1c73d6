"""A command sent twice happens once."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from commands.runtime.settings import Settings
from tests.api.asking import a_name, is_problem
from tests.api.running import RunningKoi, serving


def registration(name: str) -> dict[str, Any]:
    """Return the body that registers this member."""
    return {"identifiers": [{"type": "member_code", "value": name}]}


async def test_a_repeated_command_is_answered_as_the_first_time(everything: httpx.AsyncClient) -> None:
    """Whoever lost the answer gets it again, and learns that nothing happened a second time."""
    key, body = {"Idempotency-Key": f'"{a_name()}"'}, registration(a_name())
    first = await everything.post("/api/v1/customers", json=body, headers=key)
    again = await everything.post("/api/v1/customers", json=body, headers=key)
    bare = await everything.post(
        "/api/v1/customers", json=body, headers={"Idempotency-Key": key["Idempotency-Key"][1:-1]}
    )
    assert first.status_code == again.status_code == bare.status_code == 201
    assert first.json() == again.json() == bare.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == bare.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]


async def test_a_key_names_one_request(koi: RunningKoi, everything: httpx.AsyncClient) -> None:
    """Another body under the same key is a mistake of the sender; another sender's key is another key."""
    key, name = {"Idempotency-Key": f'"{a_name()}"'}, a_name()
    first = await everything.post("/api/v1/customers", json=registration(name), headers=key)
    other = await everything.post("/api/v1/customers", json=registration(a_name()), headers=key)
    is_problem(other, 422, "idempotency.key_reused")
    async with koi.client("command") as somebody:
        independent = await somebody.post("/api/v1/customers", json=registration(name), headers=key)
    is_problem(independent, 409, "already_exists")
    assert first.status_code == 201


async def test_a_refused_command_leaves_its_key_free(everything: httpx.AsyncClient) -> None:
    """Nothing happened, so the same key may be used once the cause is gone."""
    key, name, other = {"Idempotency-Key": a_name(), "If-Match": "*"}, a_name(), a_name()
    one = (await everything.post("/api/v1/customers", json=registration(name))).json()
    body = {"other_id": one["id"], "reason": "with itself"}
    url = f"/api/v1/customers/{one['id']}/merge"
    is_problem(await everything.post(url, json=body, headers=key), 409, "customer.merge")
    second = (await everything.post("/api/v1/customers", json=registration(other))).json()
    done = await everything.post(url, json=body | {"other_id": second["id"]}, headers=key)
    assert done.status_code == 202, done.text


async def test_a_command_that_spends_needs_a_key(everything: httpx.AsyncClient) -> None:
    """Coupons and launches are only taken with one, and a key has to be usable."""
    body = {"campaign_id": a_uuid(), "offer_id": "x", "customer_id": a_uuid(), "reason": "x"}
    one = (await everything.post("/api/v1/customers", json=registration(a_name()))).json()
    body["customer_id"] = one["id"]
    is_problem(await everything.post("/api/v1/coupons", json=body), 400, "idempotency.key_missing")
    for wrong in ('"open', "two words", '""', "x" * 300):
        answer = await everything.post("/api/v1/coupons", json=body, headers={"Idempotency-Key": wrong})
        is_problem(answer, 422, "input.invalid")


def a_uuid() -> str:
    """Return the id of nothing."""
    return "01234567-89ab-7def-8123-456789abcdef"


async def test_twenty_at_once_happen_once(everything: httpx.AsyncClient) -> None:
    """While the first is under way the others are told so; nobody is registered twice."""
    key, body = {"Idempotency-Key": a_name()}, registration(a_name())
    answers = await asyncio.gather(*(everything.post("/api/v1/customers", json=body, headers=key) for _ in range(20)))
    done = [answer for answer in answers if answer.status_code == 201]
    for answer in answers:
        if answer.status_code != 201:
            is_problem(answer, 409, "idempotency.in_flight")
    assert len({answer.text for answer in done}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in done) == 1


async def test_two_processes_carry_a_command_out_once(
    koi: RunningKoi, everything: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Behind a load balancer a repeat may reach another process while the first is still at it."""
    settings = Settings.build({"KOI_HOME": str(tmp_path)}, database_url=koi.database, nats_url="nats://127.0.0.1:1")
    keys = [{"Idempotency-Key": a_name()} for _ in range(20)]
    with serving(settings, koi.secrets) as url:
        async with httpx.AsyncClient(base_url=url, headers=everything.headers, trust_env=False) as other:
            bodies = [registration(a_name()) for _ in keys]
            answers = await asyncio.gather(
                *(
                    client.post("/api/v1/customers", json=body, headers=key)
                    for key, body in zip(keys, bodies, strict=True)
                    for client in (everything, other)
                )
            )
    for one, two in zip(answers[::2], answers[1::2], strict=True):
        assert one.status_code == two.status_code == 201
        assert one.json() == two.json()
        assert sum("idempotency-replayed" not in answer.headers for answer in (one, two)) == 1
