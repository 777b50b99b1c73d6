"""Every event counts exactly once, whoever runs the views and whatever dies."""

import asyncio
import os
import random
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import psycopg
import pytest

from projections.customer_360.projector import PROJECTION
from projections.engine import position, schema
from projections.engine.applying import take
from projections.engine.connecting import connect
from projections.engine.digest import digest
from projections.engine.page import read_page
from projections.engine.position import OvertakenError
from projections.engine.verify import verify
from projections.engine.waiting import wait_until
from tests.projections.following import SECONDS, built, current, following, until
from tests.projections.log import Log, a_fact, an_order, customer_id
from tests.projections.tally import tally

_RUNNING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'koi customer_360'"
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_EVENTS = "SELECT coalesce(sum(events), 0)::bigint FROM customer_360.activity"
_RUN = """
import asyncio, sys
from projections.customer_360.projector import PROJECTION
from projections.engine import runner
asyncio.run(runner.run(sys.argv[1], [PROJECTION], exclusive=False))
"""
# What the eventsourcing library's tracking records allow: any position beyond the one stored.
_GREATER_IS_ENOUGH = """
    UPDATE projection_position SET position = $4 WHERE name = $1 AND version = $2 AND position < $4 AND $3 >= 0
    RETURNING ARRAY[]::uuid[] AS parked
"""


async def _overlapping(database: str, log: Log) -> None:
    """Two runners read from the beginning; the one that read less writes first."""
    log.seal(a_fact("li"))
    one, other = await connect(database, PROJECTION.name), await connect(database, PROJECTION.name)
    await schema.create(one, PROJECTION, PROJECTION.name)
    await position.begin(one, PROJECTION.name, PROJECTION.version)
    short = await read_page(one, 0)
    log.seal(a_fact("li"), a_fact("wang"))
    long = await read_page(other, 0)
    try:
        await take(one, PROJECTION, short)
        await take(other, PROJECTION, long)
    finally:
        await one.close()
        await other.close()


async def test_a_runner_that_was_overtaken_writes_nothing(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Its page overlaps with what is counted already, so it must read again from where the other left off."""
    with pytest.raises(OvertakenError):
        await _overlapping(database, log)

    assert await reading.fetchval(_EVENTS) == 1
    await current(database, 2, PROJECTION)
    assert await reading.fetchval(_EVENTS) == 3


async def test_a_position_that_only_has_to_grow_would_count_twice(
    database: str, log: Log, reading: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check that suffices for single events lets an overlapping page through: this guards the test above."""
    monkeypatch.setattr(position, "_MOVE", _GREATER_IS_ENOUGH)

    await _overlapping(database, log)

    assert await reading.fetchval(_EVENTS) == 4


async def test_three_competing_runners_and_kills_count_every_fact_once(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Processes compete for one view without any lock and are killed in the middle of pages."""
    chance = random.Random(7)  # noqa: S311 - the same kills every time
    runners = [await _runner(database) for _ in range(3)]
    await until(reading, _RUNNING, 3)
    for victim in (0, 1, 2, 0):
        for _ in range(20):
            last = log.seal(*(an_order(f"customer {chance.randrange(20)}", 100) for _ in range(200)))
        runners[victim].send_signal(signal.SIGKILL)
        await runners[victim].wait()
        runners[victim] = await _runner(database)
        log.seal(*(an_order(f"customer {chance.randrange(20)}", 100) for _ in range(200)))
        await until(reading, _RUNNING, 3)
    await wait_until(reading, PROJECTION.name, last + 1, SECONDS)
    for runner in runners:
        runner.kill()
        await runner.wait()

    assert await reading.fetchval(_EVENTS) == log.facts == 4 * 21 * 200
    assert (await verify(database, PROJECTION)).equal


async def _runner(database: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", _RUN, database, env=dict(os.environ))


async def test_a_page_taken_twice_counts_once(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A page that comes again is refused as a whole."""
    log.seal(a_fact("li"), an_order("li", 100))
    log.describe("li", city="Shanghai")
    await current(database, 2, PROJECTION)
    own = await connect(database, PROJECTION.name)

    with pytest.raises(OvertakenError):
        await take(own, PROJECTION, await read_page(own, 0))

    await own.close()
    assert await reading.fetchval(_EVENTS) == 2
    assert (await verify(database, PROJECTION)).equal


async def test_readers_skip_nothing_while_three_writers_write(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Two writers of single events and one of batches, at once: everything recorded is delivered."""
    logs = [Log(database) for _ in range(2)]
    view = tally()

    def write(writer: int) -> int:
        if writer == 2:
            return max(log.seal(*(an_order(f"c{number}", 1) for number in range(500))) for _ in range(20))
        return max(logs[writer].consent(f"writer {writer} customer {n % 7}") for n in range(150))

    async with following(database, view):
        with ThreadPoolExecutor(3) as threads:
            loop = asyncio.get_running_loop()
            positions = await asyncio.gather(*(loop.run_in_executor(threads, write, writer) for writer in range(3)))
        await wait_until(reading, view.name, max(positions), SECONDS)
    for other in logs:
        other.close()

    assert await reading.fetchval("SELECT sum(words)::bigint FROM tally.said") == 300
    assert await reading.fetchval("SELECT sum(amount)::bigint FROM tally.spent") == log.facts == 10_000
    assert (await verify(database, view)).equal


_HELD = """
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN new; END $$;
    CREATE TRIGGER hold BEFORE INSERT ON decision_log FOR EACH ROW
    WHEN (new.originator_id = '{held}') EXECUTE FUNCTION hold()
"""


@pytest.mark.parametrize("with_lock", [True, False])
async def test_an_event_held_up_on_its_way_is_not_passed_by(
    database: str, log: Log, reading: asyncpg.Connection, *, with_lock: bool
) -> None:
    """A position is taken but not visible yet: the log's lock keeps later ones back, without it one would be lost."""
    view, li, wang = tally(), customer_id("li"), customer_id("wang")
    await reading.execute(_HELD.format(held=li))
    await reading.execute("SELECT pg_advisory_lock(4711)")
    async with following(database, view):
        slow = asyncio.create_task(asyncio.to_thread(_unlocked if not with_lock else _locked, database, "li"))
        await until(reading, _WAITING, 1)
        quick = asyncio.create_task(asyncio.to_thread(_unlocked if not with_lock else _locked, database, "wang"))
        if with_lock:
            await until(reading, _WAITING, 2)
        else:
            await wait_until(reading, view.name, await quick, SECONDS)
        await reading.execute("SELECT pg_advisory_unlock(4711)")
        await wait_until(reading, view.name, max(await slow, await quick), SECONDS)

    seen = {row["stream_id"] for row in await reading.fetch("SELECT stream_id FROM tally.said")}
    assert seen == ({li, wang} if with_lock else {wang})


def _locked(database: str, name: str) -> int:
    log = Log(database)
    position = log.consent(name)
    log.close()
    return position


def _unlocked(database: str, name: str) -> int:
    """Append as the library's database functions do: without the lock."""
    state = b'{"meta": {"occurred_at": "2026-11-23T12:00:00Z"}, "channel": "email"}'
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "INSERT INTO decision_log (originator_id, originator_version, topic, state) "
            "VALUES (%s, 1, 'customer.consent_changed.v1', %s) RETURNING notification_id",
            (customer_id(name), state),
        ).fetchone()
        connection.execute("NOTIFY decision_log")
    return int(row[0]) if row else 0


async def test_pages_of_any_size_come_to_the_same_rows(database: str, log: Log) -> None:
    """One event at a time or all at once: the view is a function of the log."""
    for number in range(30):
        log.seal(an_order(f"c{number % 3}", number), a_fact(f"c{number % 5}"))
        log.describe(f"c{number % 2}", visits=number)
        log.consent(f"c{number % 2}", "granted" if number % 3 else "withdrawn")
    await current(database, 90, PROJECTION)

    for events in (1, 7, 1_000):
        async with built(database, PROJECTION, purpose="pages", events=events) as copy:
            rebuilt = await digest(copy.connection, PROJECTION, copy.name)
            assert rebuilt == await digest(copy.connection, PROJECTION, PROJECTION.name)
