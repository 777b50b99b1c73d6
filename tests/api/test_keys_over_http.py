"""What a key opens, and nothing else."""

from typing import Any
from uuid import uuid4

import pytest

from commands.access.keys import create_key, revoke_key
from commands.runtime.event_store import open_pool
from tests.api.asking import is_problem
from tests.api.running import RunningKoi
from tests.api.sensing import encoded
from tests.api.sensing import tracked as viewed


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("read", "GET", "/api/v1/customers"),
        ("read", "GET", "/api/v1/coupons"),
        ("read", "GET", "/api/v1/sandbox/messages"),
        ("command", "POST", "/api/v1/customers"),
        ("command", "POST", f"/api/v1/campaigns/{uuid4()}/launch"),
        ("audit", "GET", f"/api/v1/audit/streams/{uuid4()}"),
        ("admin", "GET", "/api/v1/quarantine"),
        ("admin", "GET", "/api/v1/dead-letters"),
        ("ingest", "POST", "/api/v1/events"),
    ],
)
async def test_a_key_for_something_else_is_told_which_scope_it_lacks(
    koi: RunningKoi, scope: str, method: str, path: str
) -> None:
    """No scope opens what another one is for."""
    for other in {"read", "command", "audit", "admin", "ingest"} - {scope}:
        async with koi.client(other) as client:
            refused = is_problem(await client.request(method, path, json={}), 403, "scope.missing")
            assert scope in refused["detail"]


async def test_a_revoked_key_opens_nothing_to_a_process_that_did_not_know_it(koi: RunningKoi) -> None:
    """A process remembers a key for ten seconds at most; one that was revoked before is unknown."""
    async with await open_pool(koi.database, size=1) as pool:
        made = await create_key(pool, label="lent", wanted=["read"])
        await revoke_key(pool, made.key_id)
    async with koi.client() as client:
        answer = await client.get("/api/v1/customers", headers={"Authorization": f"Bearer {made.key}"})
    is_problem(answer, 401, "key.unknown")


async def test_a_write_key_may_be_for_the_pages_of_one_shop(koi: RunningKoi) -> None:
    """It stands in the page's source, so that others could use it on theirs; apps and servers are no pages."""
    async with await open_pool(koi.database, size=1) as pool:
        made = await create_key(pool, label="shop", wanted=["ingest"], source="web", origins=["https://Shop.cn/"])
        plain = await create_key(pool, label="any", wanted=["ingest"], source="web")
    sdk: dict[str, Any] = {"batch": []}
    async with koi.client() as client:

        async def sent(key: str, **headers: str) -> list[int]:
            shown = {name.title(): value for name, value in headers.items()}
            answers = [
                await client.post("/v1/batch", json=sdk | {"writeKey": key}, headers=shown),
                await client.post("/batch/", json=sdk | {"api_key": key}, headers=shown),
                await client.get(f"/v1/projects/{key}/settings", headers=shown),
                await client.get("/sourceConfig/", params={"writeKey": key}, headers=shown),
                await client.post("/api/v1/events", content=b"[]", headers=shown | {"X-API-Key": key}),
            ]
            return [answer.status_code for answer in answers]

        right = [200, 200, 200, 200, 202]
        assert await sent(made.key, origin="https://shop.cn") == right
        assert await sent(made.key, referer="https://shop.cn/tea?x=1") == right
        assert await sent(made.key) == right
        assert await sent(plain.key, origin="https://other.cn") == right
        assert await sent(made.key, origin="https://other.cn") == [403] * 5
        assert await sent(made.key, referer="https://other.cn/") == [403] * 5
        answer = await client.post(
            "/v1/batch", json=sdk | {"writeKey": made.key}, headers={"Origin": "https://other.cn"}
        )
        taken = [
            await client.post(
                f"/sa?token={made.key}", content=b"data_list=" + encoded(viewed("Li")).encode(), headers=page
            )
            for page in ({"Referer": "https://shop.cn/"}, {"Referer": "https://other.cn/"})
        ]
    assert [int(one.headers["koi-position"]) > 0 for one in taken] == [True, False], "answered, and nobody's"
    is_problem(answer, 403, "origin.foreign")
    assert answer.headers["access-control-allow-origin"] == "https://other.cn", "so that the page's owner can read why"


async def test_metrics_are_open_to_this_machine_and_closed_to_others(koi: RunningKoi) -> None:
    """A scraper beside Koi needs no key; through a proxy, everybody seems to be beside Koi."""
    async with koi.client() as nobody, koi.client("admin") as operator:
        here = await nobody.get("/metrics")
        elsewhere = await nobody.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
        with_key = await operator.get("/metrics", headers={"Forwarded": "for=203.0.113.7"})
    assert here.status_code == with_key.status_code == 200
    is_problem(elsewhere, 401, "key.unknown")
    for name in (
        "koi_http_requests_total",
        "koi_projection_lag_events",
        "koi_log_position",
        "koi_ingest_waiting_events",
    ):
        assert f"\n{name}" in here.text
    assert 'route="/api/v1/customers"' in here.text, "by template, so that ids cannot flood the labels"
