"""Hold the members of live segments against batch, which is the truth: what differs is a fault, told with people in it.

Both move on while they are compared. So whoever seems to differ is looked at once more by herself, in one snapshot of
the database: unless something of hers is still to be taken, her membership is what a judge of her history says.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from commands.runtime.clock import now as clock
from commands.runtime.event_store import EventStore
from commands.runtime.settings import Settings
from domain.kernel.rules.tree import Rule
from projections.engine.waiting import NotYetError, wait_until
from projections.history.queries import head
from projections.profile_history.surroundings import opening_with
from workers.segmenting.asking import BEGIN, ask
from workers.segmenting.comparing import Differing, compared
from workers.segmenting.defining import Defining
from workers.segmenting.keeping import NAME, standings
from workers.segmenting.knowing import everybody_of
from workers.segmenting.rechecking import look_again
from workers.segmenting.watching import Definition

_log = logging.getLogger("koi.segments")
_PATIENCE_SECONDS: Final = 60.0
# Of more people than this that seem to differ, the rest is taken at its word.
_LOOKED_AT: Final = 2_000
_AT_ONCE: Final = 200
_SAMPLE: Final = 5
_KEEP: Final = """
    INSERT INTO segmenting.verified (key, verified_at, members, missing, surplus, sample)
    VALUES ($1, $2, $3, $4, $5, $6::uuid[])
    ON CONFLICT (key) DO UPDATE SET verified_at = excluded.verified_at, members = excluded.members,
        missing = excluded.missing, surplus = excluded.surplus, sample = excluded.sample
"""
_FORGET: Final = "DELETE FROM segmenting.verified WHERE NOT key = ANY($1)"
_LOOK_AT: Final = """
    INSERT INTO segmenting.due AS d (profile_id, due_at) SELECT one, $2 FROM unnest($1::uuid[]) AS one
    ON CONFLICT (profile_id) DO UPDATE SET due_at = least(d.due_at, excluded.due_at)
"""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A live segment beside batch: how many batch finds in, whom of them it lacks, and who is in it without."""

    key: str
    members: int
    missing: int
    surplus: int
    sample: list[UUID]

    @property
    def is_right(self) -> bool:
        """Whether both say the same."""
        return not self.missing and not self.surplus


async def verify(
    store: EventStore,
    settings: Settings,
    rules: Mapping[str, Rule],
    *,
    repair: bool = False,
    at: Callable[[], datetime] = clock,
) -> list[Verified]:
    """Compare live segments whose first members are found, and keep what came out of it.

    With `repair` those who differ are judged by the worker at once, and what changes is told. Raises `NotYetError` if
    the worker does not come to the end of the log.
    """
    pool = store.pool
    await wait_until(pool, NAME, await head(pool), _PATIENCE_SECONDS)
    opening = opening_with(store.keyring.load, store.keyring.unseal)
    found = await compared(pool, everybody_of(pool, settings, opening), rules, at()) if rules else {}
    await wait_until(pool, NAME, await head(pool), _PATIENCE_SECONDS)
    suspects = sorted({one for of in found.values() for one in (*of.missing, *of.surplus)})[:_LOOKED_AT]
    for start in range(0, len(suspects), _AT_ONCE):
        await look_again(store, settings, rules, found, suspects[start : start + _AT_ONCE], at)
    verified = [_verified(key, one) for key, one in sorted(found.items())]
    await pool.executemany(
        _KEEP, [(one.key, at(), one.members, one.missing, one.surplus, one.sample) for one in verified]
    )
    await pool.execute(_FORGET, sorted(rules))
    if repair and (wrong := {one for of in found.values() for one in (*of.missing, *of.surplus)}):
        await pool.execute(_LOOK_AT, sorted(wrong), at())
        await ask(pool, BEGIN)
    return verified


async def rules_of(pool: asyncpg.Pool) -> dict[str, Rule]:
    """Return the rules of segments whose first members are all found."""
    definitions: Sequence[Definition] = await Defining(pool).at(await head(pool))
    kept = await standings(pool)
    return {
        one.key: one.rule
        for one in definitions
        if (standing := kept.get(one.key)) is not None and standing.walked is None and standing.digest == one.digest
    }


async def hold_against_batch(store: EventStore, settings: Settings) -> None:
    """Compare all live segments, and say in the log what differs: what the night does, whose tags are built anyway."""
    try:
        found = await verify(store, settings, await rules_of(store.pool))
    except NotYetError as error:
        _log.warning("live segments were not held against batch: %s", error)
        return
    wrong = [one for one in found if not one.is_right]
    for one in wrong:
        _log.error("segment %s: %d missing, %d surplus, such as %s", one.key, one.missing, one.surplus, one.sample[0])
    _log.info("%d live segments held against batch, %d differ", len(found), len(wrong))


def _verified(key: str, one: Differing) -> Verified:
    sample: Iterable[UUID] = sorted(one.missing | one.surplus)[:_SAMPLE]
    return Verified(
        key=key, members=one.members, missing=len(one.missing), surplus=len(one.surplus), sample=list(sample)
    )
