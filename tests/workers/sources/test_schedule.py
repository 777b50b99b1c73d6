"""Declared sources run when they are due, one process at a time, and none holds up another."""

import asyncio

import pytest

from commands.activity import source_runs
from domain.ingestion.mapping import MappingError
from tests.workers.connectors.delivering import RECEIPTS, line
from tests.workers.sources.declaring import Shop
from workers.sources.declared import NoSuchSourceError, declared, the
from workers.sources.role import Schedule
from workers.sources.telling import listed
from workers.sources.turn import SourceBusyError, take_turn


async def test_a_declared_source_runs_by_itself_and_what_came_is_listed(shop: Shop) -> None:
    """The first time at once, then again after its interval."""
    shop.declare("till")
    shop.deliver("sales_1.csv")
    run = await shop.until("till", lambda run: run.accepted > 0)
    assert (run.kind, run.state, run.read, run.accepted) == ("file", "waiting", 1, 1)
    assert run.ended_at is not None
    assert run.next_at is not None
    assert 0 < (run.next_at - run.ended_at).total_seconds() <= 1
    assert run.last["files"][0]["file"] == "sales_1.csv"
    shop.deliver("sales_2.csv", [line("R2")])
    run = await shop.until("till", lambda run: run.accepted > 1)
    assert len(await shop.facts()) == run.accepted


async def test_one_source_that_fails_holds_up_no_other(shop: Shop) -> None:
    """It is tried again, later each time; one whose declaration is wrong waits until somebody changes it."""
    shop.declare("till")
    shop.deliver("sales_1.csv")
    (shop.folder / "slip.toml").write_text("kind = ", encoding="utf-8")
    (shop.folder / "strange.toml").write_text('kind = "carrier-pigeon"', encoding="utf-8")
    shop.declare("wrong", RECEIPTS.replace("pos shanghai", "pos two").replace('"paid_at"', '"paid_on"'))
    await shop.until("till", lambda run: run.accepted > 0)
    wrong = await shop.until("wrong", lambda run: run.state == "parked")
    assert "no column paid_on" in str(wrong.reason)
    sources, unreadable = declared(shop.folder)
    rows = {row.source: row for row in listed(sources, unreadable, await source_runs.runs(shop.pool))}
    assert (rows["slip"].state, rows["strange"].state) == ("parked", "parked")
    assert "cannot be read as TOML" in str(rows["slip"].reason)
    assert "carrier-pigeon is no kind of source" in str(rows["strange"].reason)
    shop.declare("wrong")
    await shop.until("wrong", lambda run: run.state == "waiting" and run.ended_at is not None)


async def test_failures_in_a_row_come_further_and_further_apart(shop: Shop) -> None:
    """Until one run succeeds."""
    shop.declare("till")
    await source_runs.declare(shop.pool, "till", "file", b"1")
    pauses = []
    for _ in range(3):
        await source_runs.begin(shop.pool, "till")
        await source_runs.fail(shop.pool, "till", "away", 15 * (source_runs.SECOND))
        run = await shop.state("till")
        assert run.next_at is not None
        assert run.ended_at is not None
        pauses.append((run.next_at - run.ended_at).total_seconds())
    assert pauses == [15.0, 30.0, 60.0]
    assert (run.state, run.reason, run.failures) == ("failing", "away", 3)
    await shop.run("till")
    assert ((await shop.state("till")).state, (await shop.state("till")).failures) == ("waiting", 0)


async def test_a_source_runs_in_one_process_at_a_time(shop: Shop) -> None:
    """The other one is told so; the schedule just comes back later."""
    shop.declare("till")
    shop.deliver("sales_1.csv")
    async with shop.pool.acquire() as elsewhere:
        key = "hashtextextended('koi source till', 0)"
        await elsewhere.execute(f"SELECT pg_advisory_lock({key})")
        with pytest.raises(SourceBusyError, match="till is running just now"):
            await take_turn(shop.source("till"), shop.means)
        await elsewhere.execute(f"SELECT pg_advisory_unlock({key})")
    assert (await shop.run("till")).accepted == 1


async def test_news_bring_a_run_forward_also_while_one_is_under_way(shop: Shop) -> None:
    """A shop's push message is a hint; what it hints at may have come too late for the run under way."""
    await source_runs.declare(shop.pool, "till", "file", b"1")
    await source_runs.begin(shop.pool, "till")
    await source_runs.bring_forward(shop.pool, "till")
    await source_runs.succeed(shop.pool, "till", source_runs.Counts(), {}, 3600 * source_runs.SECOND)
    assert await source_runs.due(shop.pool, ["till"]) == ["till"]
    await source_runs.begin(shop.pool, "till")
    await source_runs.succeed(shop.pool, "till", source_runs.Counts(), {}, 3600 * source_runs.SECOND)
    assert await source_runs.due(shop.pool, ["till"]) == []
    await source_runs.bring_forward(shop.pool, "till")
    assert await source_runs.due(shop.pool, ["till"]) == ["till"]


async def test_what_a_source_remembers_outlives_the_process(shop: Shop) -> None:
    """How far a pull is, for instance."""
    assert await source_runs.recall(shop.pool, "tmall", "until") is None
    for value in ("2026-11-24", "2026-11-25"):
        await source_runs.remember(shop.pool, "tmall", "until", value)
    assert await source_runs.recall(shop.pool, "tmall", "until") == "2026-11-25"


async def test_a_name_that_nobody_declared_is_told_with_those_that_are(shop: Shop) -> None:
    """So is a parked one's slip of the pen."""
    shop.declare("till")
    with pytest.raises(NoSuchSourceError, match="declared are: till"):
        the(shop.folder, ["tell"])
    shop.declare("wrong", RECEIPTS.replace("row ", "rwo "))
    with pytest.raises(MappingError, match="did you mean row"):
        await shop.run("wrong")
    assert (await shop.state("wrong")).state == "parked"


async def test_a_stopped_schedule_leaves_nothing_running(shop: Shop) -> None:
    """What was under way goes on at the next start."""
    shop.declare("till")
    shop.deliver("sales_1.csv")
    schedule = Schedule(shop.means)
    await schedule.look()
    await asyncio.sleep(0)
    await schedule.stop()
    run = await shop.until("till", lambda run: run.accepted > 0)
    assert (run.state, len(await shop.facts())) == ("waiting", 1)
