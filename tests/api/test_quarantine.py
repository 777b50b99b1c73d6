"""The quarantine over HTTP: counts, entries, one in clear (recorded), replays, discards; metrics."""

import uuid
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.asking import a_phone, is_problem, send
from tests.api.running import RunningKoi

_QUARANTINE = "/api/v1/quarantine"


@pytest.fixture
async def bad(everything: httpx.AsyncClient, source: httpx.AsyncClient) -> dict[str, Any]:
    """An entry of this test's own, as it is listed."""
    phone = a_phone()
    nobody = {"type": "track", "event": "Nobody", "messageId": str(uuid.uuid4()), "properties": {"phone": phone}}
    await send(source, nobody)
    listed = await everything.get(_QUARANTINE, params={"source": "web", "state": "open", "limit": 1})
    assert listed.status_code == 200, listed.text
    (entry,) = listed.json()["items"]
    assert phone not in listed.text
    return {**entry, "phone": phone}


async def test_an_entry_is_shown_in_clear_and_that_is_recorded(
    everything: httpx.AsyncClient, koi: RunningKoi, bad: dict[str, Any]
) -> None:
    """Who looked is in the log; who may not see what is personal does not."""
    shown = await everything.get(f"{_QUARANTINE}/{bad['id']}")
    assert shown.status_code == 200, shown.text
    assert bad["phone"] in shown.json()["raw"]
    assert (shown.json()["came_by"], shown.json()["reason"]) == ("segment", "identifier.missing")
    connection = await asyncpg.connect(koi.database)
    try:
        told = await connection.fetchval(
            "SELECT convert_from(state, 'UTF8') FROM decision_log WHERE notification_id = $1",
            int(shown.headers["koi-position"]),
        )
    finally:
        await connection.close()
    assert f'"entries":[{bad["id"]}]' in told
    assert bad["phone"] not in told
    async with koi.client("admin") as operator:
        is_problem(await operator.get(f"{_QUARANTINE}/{bad['id']}"), 403, "scope.missing")
        is_problem(await operator.get(_QUARANTINE, params={"in_clear": True}), 403, "scope.missing")
    is_problem(await everything.get(f"{_QUARANTINE}/{2**62}"), 404, "quarantine.not_found")


async def test_counts_are_told_and_measured_by_source_and_reason(
    everything: httpx.AsyncClient, bad: dict[str, Any]
) -> None:
    """Labels are codes; no value of anybody is in them."""
    counted = (await everything.get(f"{_QUARANTINE}/reasons", params={"state": "open"})).json()
    mine = next(one for one in counted if (one["source"], one["reason"]) == ("web", "identifier.missing"))
    metrics = (await everything.get("/metrics")).text
    labels = 'source="web"'
    (lying,) = [row for row in metrics.splitlines() if row.startswith("koi_quarantine_open{") and _is_mine(row)]
    assert labels in lying
    assert float(lying.rpartition(" ")[2]) == mine["entries"]
    assert any(row.startswith("koi_quarantine_entries_total{") and _is_mine(row) for row in metrics.splitlines())
    assert bad["phone"] not in metrics


def _is_mine(row: str) -> bool:
    return 'reason="identifier.missing"' in row and 'source="web"' in row


async def test_replays_are_asked_for_and_entries_thrown_away(
    everything: httpx.AsyncClient, bad: dict[str, Any]
) -> None:
    """By number or by what they have in common; never everything by mistake."""
    asked = await everything.post(f"{_QUARANTINE}/replay", json={"ids": [bad["id"]]})
    assert (asked.status_code, asked.json()) == (202, {"entries": 1})
    thrown = await everything.post(f"{_QUARANTINE}/discard", json={"ids": [bad["id"]], "why": "a test"})
    assert (thrown.status_code, thrown.json()) == (202, {"entries": 1})
    gone = (await everything.get(f"{_QUARANTINE}/{bad['id']}")).json()
    assert (gone["state"], gone["raw"], gone["outcome"]) == ("discarded", None, "a test")
    is_problem(await everything.post(f"{_QUARANTINE}/replay", json={}), 422, "input.invalid")
    is_problem(
        await everything.post(f"{_QUARANTINE}/discard", json={"source": "web", "why": " "}), 422, "input.invalid"
    )
    is_problem(await everything.get(_QUARANTINE, params={"since": "2026-11-25T09:00:00"}), 422, "input.invalid")
