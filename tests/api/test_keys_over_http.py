"""What a key opens, and nothing else."""

from uuid import uuid4

import pytest

from commands.access.keys import create_key, revoke_key
from commands.runtime.event_store import open_pool
from tests.api.asking import is_problem
from tests.api.running import RunningKoi


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
