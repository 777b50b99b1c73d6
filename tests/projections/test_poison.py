"""An event a view cannot take parks its customer, and nobody else."""

from dataclasses import replace

import asyncpg
import pytest

from projections.engine import poison
from projections.engine.connecting import connect
from projections.engine.lag import lag
from projections.engine.rebuild import RebuildFailedError, rebuild
from projections.engine.replaying import Replayed, replay_dead_letters
from projections.engine.verify import verify
from projections.engine.waiting import NotYetError, wait_until
from tests.projections.following import current, following
from tests.projections.log import Log, a_fact, an_order, customer_id
from tests.projections.tally import LIMIT, Repairs, tally

LI, WANG, ZHAO = customer_id("li"), customer_id("wang"), customer_id("zhao")
_SAID = "SELECT stream_id, words, last FROM tally.said"
_SPENT = "SELECT customer_id, amount FROM tally.spent"
_LETTERS = "SELECT stream_id, position, reason FROM dead_letter WHERE replayed_at IS NULL ORDER BY position, stream_id"


async def _said(reading: asyncpg.Connection) -> dict[object, tuple[int, str]]:
    return {row["stream_id"]: (row["words"], row["last"]) for row in await reading.fetch(_SAID)}


async def _spent(reading: asyncpg.Connection) -> dict[object, int]:
    return {row["customer_id"]: row["amount"] for row in await reading.fetch(_SPENT)}


async def test_one_bad_event_parks_its_customer_and_the_rest_is_current(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """The bad event and those behind it of the same customer wait; all others count."""
    log.consent("li", channel="sms")
    bad = log.consent("li", channel="fax")
    log.consent("wang", channel="email")
    behind = log.consent("li", channel="email")
    position = log.consent("wang", channel="sms")
    repairs = Repairs("fax")
    view = tally(repairs)

    await current(database, position, view)

    assert await _said(reading) == {LI: (1, "sms"), WANG: (2, "sms")}
    letters = await reading.fetch(_LETTERS)
    assert [(letter["stream_id"], letter["position"]) for letter in letters] == [(LI, bad), (LI, behind)]
    assert letters[0]["reason"].startswith("ValueError at tally.py:")
    assert "fax" not in letters[0]["reason"]


async def test_what_a_parked_customer_does_later_waits_too(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Also facts, also after a restart of the runner."""
    view = tally(Repairs("fax"))
    await current(database, log.consent("li", channel="fax"), view)
    log.consent("li", channel="email")
    position = log.seal(an_order("li", 100), an_order("wang", 200))

    await current(database, position, view)

    assert await _said(reading) == {}
    assert await _spent(reading) == {WANG: 200}
    assert [letter["stream_id"] for letter in await reading.fetch(_LETTERS)] == [LI, LI, LI]


async def test_a_replay_takes_what_was_parked_in_order(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Once the view is repaired the list is cleared, and the rows are those of a view that never stumbled."""
    repairs = Repairs("fax")
    view = tally(repairs)
    log.consent("li", channel="fax")
    log.consent("li", channel="email")
    await current(database, log.seal(an_order("li", 100), an_order("wang", 200)), view)
    own = await connect(database, "tally")

    still_bad = await replay_dead_letters(own, view)
    repairs.unreadable.clear()
    repaired = await replay_dead_letters(own, view)
    await own.close()

    assert still_bad == Replayed(cleared=0, remaining=3)
    assert repaired == Replayed(cleared=3, remaining=0)
    assert await _said(reading) == {LI: (2, "email")}
    assert await _spent(reading) == {LI: 100, WANG: 200}
    assert (await verify(database, view)).equal
    await current(database, log.consent("li", channel="sms"), view)
    assert await _said(reading) == {LI: (3, "sms")}


async def test_one_customer_s_bad_facts_are_found_inside_a_batch(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """A batch speaks of many customers: only the one whose facts fail is parked."""
    log.seal(an_order("zhao", 1))
    orders = [an_order(f"customer {number}", 100) for number in range(50)]
    bad = log.seal(*orders, an_order("li", LIMIT), an_order("wang", 7))
    position = log.seal(an_order("li", 1), an_order("wang", 2))

    await current(database, position, tally())

    spent = await _spent(reading)
    assert len(spent) == 52
    assert (spent[WANG], spent[ZHAO]) == (9, 1)
    assert LI not in spent
    letters = await reading.fetch(_LETTERS)
    assert [(letter["stream_id"], letter["position"]) for letter in letters] == [(LI, bad), (LI, position)]
    assert letters[0]["reason"] == "CheckViolationError (23514) in spent.affordable"
    (standing,) = await lag(reading, [tally()])
    assert (standing.parked, standing.behind) == (2, 0)


async def test_a_rebuild_stops_at_a_bad_event_and_leaves_the_live_view_alone(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """A new view is complete or it is not there."""
    log.consent("wang", channel="sms")
    position = log.consent("li", channel="fax")
    view = tally(Repairs("fax"))
    await current(database, position, view)

    with pytest.raises(RebuildFailedError, match="between positions"):
        await rebuild(database, view)

    assert await _said(reading) == {WANG: (1, "sms")}


async def test_a_view_that_is_itself_broken_parks_nothing(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A statement that cannot run is no event's fault: the view stands still until it is repaired."""

    async def misspelt(connection: asyncpg.Connection, page: object) -> None:
        await connection.execute("INSERT INTO sayd VALUES (1)")

    position = log.consent("li")
    async with following(database, replace(tally(), apply=misspelt)):
        with pytest.raises(NotYetError):
            await wait_until(reading, "tally", position, 0.5)

    assert await reading.fetch(_LETTERS) == []
    await current(database, position, tally())
    assert await _said(reading) == {LI: (1, "email")}


async def test_when_everything_fails_it_is_not_the_events(
    database: str, log: Log, reading: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a number of parked customers the view stops instead of parking the whole log."""
    monkeypatch.setattr(poison, "MOST_PARKED", 3)
    for number in range(8):
        position = log.consent(f"customer {number}", channel="fax")
    log.seal(a_fact("li"))

    async with following(database, tally(Repairs("fax"))):
        with pytest.raises(NotYetError):
            await wait_until(reading, "tally", position, 0.5)

    assert len(await reading.fetch(_LETTERS)) == 3
