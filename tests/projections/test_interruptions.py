"""Lost connections are the normal case."""

import asyncio

import asyncpg

from projections.customer_360.projector import PROJECTION
from projections.engine.verify import verify
from projections.engine.waiting import wait_until
from tests.projections.following import SECONDS, following
from tests.projections.log import Log, a_fact
from tests.projections.tally import tally

_CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name LIKE 'koi %' AND datname = current_database()
"""


async def test_views_go_on_after_every_connection_was_cut(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """As after a restart of PostgreSQL: the runner connects again and misses nothing."""
    async with following(database, PROJECTION, tally()):
        for _ in range(3):
            position = log.seal(a_fact("li"))
            await wait_until(reading, PROJECTION.name, position, SECONDS)
            assert await reading.fetchval(_CUT) == 3
        position = log.seal(a_fact("li"))
        await asyncio.gather(*(_reached(database, view, position) for view in (PROJECTION.name, "tally")))

    assert await reading.fetchval("SELECT sum(events)::bigint FROM customer_360.activity") == 4
    assert (await verify(database, PROJECTION)).equal


async def test_a_view_that_rests_makes_again_what_a_crash_has_lost(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """The last moments of a view do not survive a crash: it makes them again although nothing new is in the log."""
    async with following(database, PROJECTION, tally()):
        position = log.seal(a_fact("li"))
        await wait_until(reading, PROJECTION.name, position, SECONDS)
        await wait_until(reading, "tally", position, SECONDS)
        assert await reading.fetchval(_CUT) > 0
        await reading.execute("UPDATE projection_position SET position = 0")
        await reading.execute("DELETE FROM customer_360.activity")
        await asyncio.gather(*(_reached(database, view, position) for view in (PROJECTION.name, "tally")))
    assert await reading.fetchval("SELECT sum(events)::bigint FROM customer_360.activity") == 1


async def _reached(database: str, view: str, position: int) -> None:
    connection = await asyncpg.connect(database)
    await wait_until(connection, view, position, SECONDS)
    await connection.close()


async def test_a_view_whose_runner_dies_is_taken_over(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A second process stands by and does no work until then."""
    async with following(database, tally()), following(database, tally()):
        await wait_until(reading, "tally", log.consent("li"), SECONDS)
        working = await reading.fetchval(_LOCKS)
        leader = await reading.fetchval(_LEADER)
        await reading.execute("SELECT pg_terminate_backend($1)", leader)
        await wait_until(reading, "tally", log.consent("li"), SECONDS)
        successor = await reading.fetchval(_LEADER)

    assert working == 1
    assert successor not in {None, leader}
    assert await reading.fetchval("SELECT words FROM tally.said") == 2


_HELD = """
    FROM pg_locks JOIN pg_database AS d ON d.oid = database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""
_LOCKS, _LEADER = f"SELECT count(*) {_HELD}", f"SELECT min(pid) {_HELD}"
