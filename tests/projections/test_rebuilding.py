"""A view can be built anew at any time, beside the one that serves."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from projections.customer_360.projector import PROJECTION
from projections.engine import position
from projections.engine.lag import lag
from projections.engine.rebuild import rebuild
from projections.engine.verify import NotFollowedError, verify
from projections.engine.waiting import NotYetError, wait_until
from tests.projections.following import SECONDS, current, following, until
from tests.projections.log import NOON, Log, a_fact, an_order
from tests.projections.tally import Repairs, tables, tally

_EVENTS = "SELECT sum(events)::bigint FROM customer_360.activity"
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%\\_\\_%'"


class KilledError(Exception):
    """The rebuild was killed."""


def _killed(_position: int, _head: int) -> None:
    raise KilledError


async def test_a_rebuild_replaces_the_view_while_it_is_read_and_written(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Readers with prepared statements and the live runner go on; afterwards both are at the new tables."""
    log.seal(*(an_order(f"c{number}", 100) for number in range(50)))
    async with following(database, PROJECTION):
        await wait_until(reading, PROJECTION.name, 1, SECONDS)
        statement = await reading.prepare(_EVENTS)
        old = await reading.fetchval("SELECT 'customer_360.activity'::regclass::oid::bigint")
        assert await statement.fetchval() == 50

        rebuilt = await rebuild(database, PROJECTION)

        last = log.seal(a_fact("c1"))
        await wait_until(reading, PROJECTION.name, last, SECONDS)
        assert await statement.fetchval() == 51
        assert await reading.fetchval("SELECT 'customer_360.activity'::regclass::oid::bigint") != old
    assert (rebuilt.position, rebuilt.events, rebuilt.facts) == (1, 1, 50)
    assert await reading.fetch(_SCHEMAS) == []
    assert (await verify(database, PROJECTION)).equal


async def test_a_rebuild_that_was_killed_is_simply_started_again(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """What it left is thrown away; the live view never noticed."""
    await current(database, log.seal(a_fact("li"), an_order("li", 100)), PROJECTION)

    with pytest.raises(KilledError):
        await rebuild(database, PROJECTION, progress=_killed)
    assert await reading.fetchval(_EVENTS) == 2
    await rebuild(database, PROJECTION)

    assert await reading.fetchval(_EVENTS) == 2
    assert await reading.fetch(_SCHEMAS) == []
    assert (await verify(database, PROJECTION)).equal


async def test_a_new_version_is_built_beside_the_old_one_and_takes_its_place(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """The old rows serve until the new ones are complete, and the old version's runner retires."""
    newer = tally(version=2)
    for number in range(20):
        log.consent(f"c{number}")
    async with following(database, tally()) as _, asyncio.TaskGroup() as group:
        await wait_until(reading, "tally", 20, SECONDS)
        serving = [await reading.fetchval("SELECT count(*) FROM tally.said")]

        async def newest() -> None:
            async with following(database, newer, exclusive=False):
                await until(reading, "SELECT version FROM projection_position WHERE name = 'tally'", 2)

        await group.create_task(newest())
    serving.append(await reading.fetchval("SELECT count(*) FROM tally.said"))
    await current(database, log.consent("c1"), newer)

    assert serving == [20, 20]
    standing = await position.find(reading, "tally")
    assert standing == position.Position(version=2, position=21)
    assert (await verify(database, newer)).equal
    with pytest.raises(NotFollowedError):
        await verify(database, tally())
    (late,) = await lag(reading, [tally(version=3)])
    assert (late.version, late.wanted_version) == (2, 3)


async def test_an_old_version_never_writes_into_a_newer_view(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """During a deployment both run: the old one stands down by itself."""
    await current(database, log.consent("li"), tally(version=2))
    last = log.consent("li")

    async with following(database, tally(version=1), exclusive=False):
        with pytest.raises(NotYetError):
            await wait_until(reading, "tally", last, 0.3)


async def test_a_verification_finds_a_row_somebody_changed_by_hand(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """The digest covers every column of every row."""
    await current(database, log.seal(an_order("li", 100), an_order("wang", 200)), PROJECTION)
    sound = await verify(database, PROJECTION)
    await reading.execute("UPDATE customer_360.money SET amount = amount + 1 WHERE amount = 100")

    found = await verify(database, PROJECTION)

    assert sound.equal
    assert sound.rows == found.rows == 6
    assert not found.equal
    assert found.rebuilt_digest == sound.rebuilt_digest
    assert await reading.fetch(_SCHEMAS) == []


async def test_a_verification_leaves_the_live_view_and_its_runner_alone(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """While one writes, the comparison is made at one and the same position."""
    async with following(database, PROJECTION):
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(asyncio.to_thread(lambda: [log.seal(a_fact("li")) for _ in range(100)]))
            verified = [await _verified(database) for _ in range(3)]
        await wait_until(reading, PROJECTION.name, writing.result()[-1], SECONDS)

    assert all(one is None or one for one in verified)
    assert await reading.fetchval(_EVENTS) == 100


async def _verified(database: str) -> bool | None:
    try:
        return (await verify(database, PROJECTION)).equal
    except NotFollowedError:  # its runner has only just started
        return None


async def test_rebuilding_clears_what_was_parked(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A repaired view, built anew, has taken everything: nothing is left to replay."""
    repairs = Repairs("fax")
    await current(database, log.consent("li", channel="fax"), tally(repairs))
    repairs.unreadable.clear()

    await rebuild(database, tally(repairs))

    (standing,) = await lag(reading, [tally()])
    assert (standing.parked, standing.behind, standing.position) == (0, 0, 1)
    assert await reading.fetchval("SELECT words FROM tally.said") == 1


async def test_lag_says_how_far_and_how_long_a_view_is_behind(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Events to go, and the age of the first of them."""
    log.now = NOON - timedelta(days=300)
    await current(database, log.consent("li"), tally())
    log.consent("li")
    log.consent("wang")

    (standing, missing) = await lag(reading, [tally(), PROJECTION])

    assert (standing.position, standing.head, standing.behind) == (1, 3, 2)
    assert standing.age_seconds > 24 * 3_600
    assert (missing.version, missing.position, missing.head) == (0, 0, 3)


def test_the_tables_of_a_view_carry_no_schema() -> None:
    """The same tables are made live and aside."""
    assert all(table.schema is None for table in tables.sorted_tables)
