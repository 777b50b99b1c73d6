"""What trainings and runs work with, opened: the log, the lake, the words about people, the files of models."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg

from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.scoring.files import ModelFiles
from domain.kernel.rules.history import History
from domain.kernel.rules.world import World
from projections.batch.lakehouse import Lakehouse, Words, opened
from projections.batch.place import Place
from projections.batch.running import told as told_events
from projections.profile_history.occurring import Reader
from projections.profile_history.queries import Wanted, histories
from workers.scoring.kind import Told, silent
from workers.scoring.running import Scoring
from workers.scoring.source import LakeSource

# Batch has the facts; what is asked of histories are words.
_WORDS: Final = Wanted(names=frozenset())


@asynccontextmanager
async def open_scoring(
    settings: Settings, secrets: Secrets, *, by: Context, told: Told = silent
) -> AsyncIterator[Scoring]:
    """Open everything, as of now."""
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
        yield await scoring_over(store, settings, by=by, told=told)


async def scoring_over(store: EventStore, settings: Settings, *, by: Context, told: Told = silent) -> Scoring:
    """Return the same over an open store; files of the lake that are not staged yet are staged."""
    lakehouse = await lakehouse_of(store.pool, settings, told)
    source = LakeSource(lakehouse, asyncio.get_running_loop())
    return Scoring(store=store, files=ModelFiles(settings.lake_url), source=source, by=by, told=told)


async def lakehouse_of(pool: asyncpg.Pool, settings: Settings, told: Told = silent) -> Lakehouse:
    """Return the data of this moment."""
    place = Place(lake_url=settings.lake_url, database_url=settings.database_url)
    world = World(zone=settings.zone, told=told_events())
    connection: Any
    async with pool.acquire() as connection:
        return await opened(
            connection, place, world, words=_words(pool, settings), watch=lambda done, of: told("staging", done, of)
        )


def _words(pool: asyncpg.Pool, settings: Settings) -> Words:
    facts = Reader(settings.zone)

    async def words(members: Mapping[str, Iterable[str]]) -> Mapping[str, History]:
        groups = {UUID(profile): [UUID(one) for one in group] for profile, group in members.items()}
        found = await histories(pool, groups, facts, wanted=_WORDS)
        return {str(profile): history for profile, history in found.items()}

    return words
