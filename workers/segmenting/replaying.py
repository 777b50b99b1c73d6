"""Judge anew people who were put aside: all they did and all that was said since, each change at its instant."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from commands.runtime.event_store import EventStore
from domain.activity.sealing import FactsSealed
from domain.kernel.errors import KoiError
from projections.engine.page import Entry, seal_of
from projections.engine.replaying import Replayed
from workers.segmenting.following import Following
from workers.segmenting.keeping import NAME
from workers.segmenting.registry import Registry
from workers.segmenting.watching import Watch

_LETTERS: Final = """
    SELECT stream_id, min(position) AS position FROM dead_letter WHERE projection = $1 AND replayed_at IS NULL
    GROUP BY stream_id ORDER BY stream_id
"""
_CLEARED: Final = """
    UPDATE dead_letter SET replayed_at = clock_timestamp()
    WHERE projection = $1 AND replayed_at IS NULL AND stream_id = ANY($2)
"""
_FAILED: Final = """
    UPDATE dead_letter SET failed_at = clock_timestamp(), reason = $3
    WHERE projection = $1 AND replayed_at IS NULL AND stream_id = $2
"""
# The first seal after a position tells from which fact on all are new.
_SEAL: Final = f"""
    SELECT notification_id AS position, originator_id, originator_version, topic, state FROM decision_log
    WHERE notification_id > $1 AND topic = '{FactsSealed.TOPIC}' ORDER BY notification_id LIMIT 1
"""
_FACTS: Final = """
    SELECT fact_id, occurred_at FROM fact_log WHERE customer_id = ANY($1) AND recorded_at >= $2 AND fact_id >= $3
"""
_WORDS: Final = "SELECT state FROM decision_log WHERE originator_id = ANY($1) AND notification_id > $2"


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Said(msgspec.Struct):
    meta: _Meta


class _News(NamedTuple):
    """What is new of a person: facts by their ids, and all instants in order."""

    facts: frozenset[int]
    instants: list[datetime]


_decode = msgspec.json.Decoder(_Said).decode


async def replay(
    store: EventStore, connection: asyncpg.Connection, following: Following, registry: Registry, watch: Watch
) -> Replayed:
    """Judge everybody on the list of dead letters; who fails again stays on it, with the new reason."""
    letters = {row["stream_id"]: row["position"] for row in await connection.fetch(_LETTERS, NAME)}
    known = await registry.find(letters)
    profiles: dict[UUID, int] = {}
    for stream_id, person in known.items():
        profiles[person.profile_id] = min(letters[stream_id], profiles.get(person.profile_id, letters[stream_id]))
    failed: dict[UUID, Exception] = {}
    for profile_id, position in profiles.items():
        failed |= await _judge(connection, following, registry, watch, (profile_id, position))
    for stream_id, person in known.items():
        if person.profile_id in failed:
            error = failed[person.profile_id]
            reason = f"{type(error).__name__}: {error.detail}" if isinstance(error, KoiError) else type(error).__name__
            await store.pool.execute(_FAILED, NAME, stream_id, reason)
    # Whoever is not known any more is somebody else's part by now, or erased.
    done = [one for one in letters if one not in known or known[one].profile_id not in failed]
    await store.pool.execute(_CLEARED, NAME, done)
    return Replayed(cleared=len(done), remaining=len(letters) - len(done))


async def _judge(
    connection: asyncpg.Connection, following: Following, registry: Registry, watch: Watch, who: tuple[UUID, int]
) -> Mapping[UUID, Exception]:
    profile_id, position = who
    members = (await registry.members([profile_id]))[profile_id]
    news = await _news(connection, members, position)
    following.forget([profile_id])
    step = following.step(watch)
    for subject in await following.people([profile_id], watch, step, news=news.facts):
        following.judge(step, subject, partial(step.retake, subject, news.instants))
    failed = following.faults()
    await following.commit(step)
    return failed


async def _news(connection: asyncpg.Connection, members: Collection[UUID], position: int) -> _News:
    words = [_decode(row["state"]).meta.occurred_at for row in await connection.fetch(_WORDS, members, position)]
    seal = await connection.fetchrow(_SEAL, position)
    facts = []
    if seal is not None:
        told = seal_of(Entry(*seal))
        facts = await connection.fetch(_FACTS, members, told.recorded_at, told.first_id)
    instants = sorted({*words, *(row["occurred_at"] for row in facts)})
    return _News(frozenset(row["fact_id"] for row in facts), instants)
