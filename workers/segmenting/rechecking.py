"""Look once more at people who seem to differ, each by herself and in one snapshot of the database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from commands.runtime.event_store import EventStore
from commands.runtime.settings import Settings
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.tree import Rule
from projections.engine.page import read_page
from projections.profile_history.surroundings import opening_with
from workers.segmenting.comparing import NUMBERS, Differing
from workers.segmenting.keeping import NAME
from workers.segmenting.knowing import Histories, knowing
from workers.segmenting.membership import Membership

_MEMBERS: Final = "SELECT customer_id, profile_id FROM segmenting.person WHERE profile_id = ANY($1)"
_DUE: Final = "SELECT profile_id FROM segmenting.due WHERE profile_id = ANY($1) AND due_at <= $2"
_BEHIND: Final = "SELECT position FROM projection_position WHERE name = $1"
_NEW_FACTS: Final = """
    SELECT DISTINCT customer_id FROM fact_log WHERE recorded_at BETWEEN $1 AND $2 AND fact_id BETWEEN $3 AND $4
"""


async def look_again(
    store: EventStore,
    settings: Settings,
    rules: Mapping[str, Rule],
    found: Mapping[str, Differing],
    suspects: Sequence[UUID],
    clock: Callable[[], datetime],
) -> None:
    """Take away whoever does not differ after all, or of whom something is still to be taken."""
    plan, world = Plan(rules), knowing(settings)
    opening = opening_with(store.keyring.load, store.keyring.unseal)
    async with _snapshot(settings.database_url) as connection:
        now = clock()
        members: dict[UUID, list[UUID]] = {one: [] for one in suspects}
        for row in await connection.fetch(_MEMBERS, suspects):
            members[row["profile_id"]].append(row["customer_id"])
        numbers = {row["profile_id"]: row["number"] for row in await connection.fetch(NUMBERS, suspects)}
        pending = {row["profile_id"] for row in await connection.fetch(_DUE, suspects, now)}
        news = await _told_since(connection)
        pending |= {one for one, group in members.items() if not news.isdisjoint((one, *group))}
        live = await Membership.load(connection)
        histories = await Histories(connection, settings, opening).histories(members, None)
    judged = await asyncio.to_thread(
        lambda: {
            one: {key for key in rules if plan.holds(key, plan.person(history, world).at(now))}
            for one, history in histories.items()
        }
    )
    for key, one in found.items():
        for profile_id in suspects:
            is_in = profile_id in numbers and live.has(key, numbers[profile_id])
            should = key in judged.get(profile_id, ())
            for group, differs in ((one.missing, should and not is_in), (one.surplus, is_in and not should)):
                if profile_id in group and (not differs or profile_id in pending):
                    group.discard(profile_id)


@asynccontextmanager
async def _snapshot(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url, server_settings={"timezone": "UTC", "jit": "off"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


async def _told_since(connection: asyncpg.Connection) -> set[UUID]:
    """Return the customers of whom the log tells something that the worker has not taken yet."""
    page = await read_page(connection, await connection.fetchval(_BEHIND, NAME) or 0)
    found: set[UUID] = {entry.stream_id for entry in page.entries}
    for facts in page.fact_ranges:
        found.update(row["customer_id"] for row in await connection.fetch(_NEW_FACTS, *facts.bounds))
    return found
