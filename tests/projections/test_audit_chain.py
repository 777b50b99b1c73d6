"""Tampering with history is noticed."""

import asyncpg
import pytest

from commands.runtime.facts import DIGEST
from projections.audit_chain import chain
from projections.audit_chain.projector import PROJECTION
from projections.audit_chain.queries import Broken, head, verify_chain
from projections.engine.verify import verify
from tests.projections.following import current
from tests.projections.log import Log, a_fact, an_order

_WITHDRAWN = "replace(encode(state, 'escape'), 'granted', 'withdrawn')::bytea"


@pytest.fixture
async def chained(database: str, log: Log, monkeypatch: pytest.MonkeyPatch) -> int:
    """Twenty-five consents and a batch of facts, with a checkpoint at every tenth event; the seal's position."""
    monkeypatch.setattr("projections.audit_chain.chain.CHECKPOINT_EVERY", 10)
    monkeypatch.setattr("projections.audit_chain.projector.CHECKPOINT_EVERY", 10)
    for _ in range(25):
        log.consent("li")
    position = log.seal(an_order("li", 100), a_fact("wang"))
    await current(database, position, PROJECTION)
    return position


async def test_an_untouched_log_verifies(database: str, chained: int, reading: asyncpg.Connection) -> None:
    """Every event and every fact is checked; the hash is the one that was kept."""
    verified = await verify_chain(reading, DIGEST)

    assert verified.broken is None
    assert (verified.events, verified.facts, verified.position) == (26, 2, chained)
    assert verified.hash == (await head(reading)).hash.hex()
    assert (await verify(database, PROJECTION)).equal


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        (
            f"UPDATE decision_log SET state = {_WITHDRAWN} WHERE notification_id = 14",
            Broken(after=10, upto=20, what="an event was changed, added or removed"),
        ),
        (
            "DELETE FROM decision_log WHERE notification_id = 3",
            Broken(after=0, upto=11, what="an event was changed, added or removed"),
        ),
        (
            "UPDATE decision_log SET topic = 'customer.renamed.v1' WHERE notification_id = 25",
            Broken(after=20, upto=26, what="an event was changed, added or removed"),
        ),
        (
            "DELETE FROM decision_log WHERE notification_id = 26",
            Broken(after=20, upto=26, what="the log ends before the chain"),
        ),
        (
            "UPDATE fact_log SET amount = 1 WHERE amount = 100",
            Broken(after=25, upto=26, what="facts of this seal were changed, added or removed"),
        ),
        (
            "DELETE FROM fact_log WHERE name = 'page.viewed'",
            Broken(after=25, upto=26, what="facts of this seal were changed, added or removed"),
        ),
    ],
)
async def test_tampering_is_found_and_placed(
    chained: int, reading: asyncpg.Connection, tampering: str, broken: Broken
) -> None:
    """The answer names the stretch between two checkpoints, or the very seal."""
    assert await reading.execute(tampering) in {"UPDATE 1", "DELETE 1"}

    found = (await verify_chain(reading, DIGEST)).broken

    assert found is not None
    assert (found.after, found.what) == (broken.after, broken.what)
    assert abs(found.upto - broken.upto) <= 1


async def test_the_chain_grows_with_the_log(database: str, chained: int, log: Log, reading: asyncpg.Connection) -> None:
    """A checkpoint at every tenth event, wherever pages end."""
    for _ in range(10):
        await current(database, log.consent("wang"), PROJECTION)

    checkpoints = await reading.fetch("SELECT events, position FROM audit_chain.checkpoint ORDER BY events")

    assert [tuple(row) for row in checkpoints] == [(10, 10), (20, 20), (30, 30)]
    assert (await verify_chain(reading, None)).events == 36
    assert chain.START.hash == bytes(32)
