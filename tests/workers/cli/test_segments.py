"""`koi segments`, as a person types it."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest

from commands.runtime.settings import Settings
from projections.views import views
from tests.projections.following import current, following
from tests.projections.log import Log, an_order, customer_id
from workers.cli import main

RULE = {
    "type": "compare",
    "left": {"type": "measure", "events": ["order.completed"], "within": {"type": "last", "amount": 3650}},
    "op": "gte",
    "right": 1,
}


async def test_a_segment_from_a_rule_to_its_end(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said, created, counted, explained, compared, filled, archived."""
    monkeypatch.setenv("KOI_HOME", str(settings.home))
    monkeypatch.setenv("KOI_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("KOI_NATS_URL", settings.nats_url)

    async def koi(*words: str) -> str:
        # In a thread: the command runs a loop of its own.
        with suppress(SystemExit):
            await asyncio.to_thread(main, words)
        told = capsys.readouterr()
        return told.out + told.err

    rule, people = tmp_path / "rule.json", tmp_path / "people.csv"
    rule.write_text(json.dumps(RULE))
    people.write_text(f"customer_id\n{customer_id('wang')}\nsomebody\n")
    log = Log(settings.database_url)
    log.register("li", "member_code")
    log.register("wang", "member_code")
    at = log.seal(an_order("li", 500))
    log.close()
    kept = views(settings.lake_url, settings.database_url)
    await current(settings.database_url, at, *kept)
    async with following(settings.database_url, *kept):
        said = await koi("segments", "say", str(rule))
        wrong = await koi("segments", "count", '{"type": "in_segment", "key": "nope"}')
        await koi("segments", "create", "buyers", str(rule), "--zh", "买家", "--en", "Buyers")
        counted = json.loads(await koi("segments", "count", "buyers", "--json"))
        why = json.loads(await koi("segments", "explain", "buyers", str(customer_id("li")), "--json"))
        await koi("segments", "create", "friends", "--zh", "朋友", "--en", "Friends")
        filled = json.loads(await koi("segments", "upload", "friends", str(people), "--json"))
        compared = json.loads(await koi("segments", "overlap", "buyers", "friends", "--json"))
        neither = json.loads(await koi("segments", "count", "buyers", "--and-not", "friends", "--json"))
        await koi("segments", "archive", "buyers", "--reason", "over")
        listed = json.loads(await koi("segments", "list", "--json"))

    assert "10年" in said or "3650" in said
    assert "no segment 'nope'" in wrong
    assert (counted["count"], counted["people"]) == (1, 2)
    assert why["is_in"]
    assert (filled["people"], filled["bad"], filled["faults"][0]["line"]) == (1, 1, 3)
    assert compared["counts"] == [[1, 0], [0, 1]]
    assert neither["count"] == 1
    assert [one["key"] for one in listed if one["origin"] == "own"] == ["friends"]
