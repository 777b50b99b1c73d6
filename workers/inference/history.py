"""Infer from history: every customer who ever bought something a rule asks for, in the order of their ids."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import asyncpg

from commands.identity.infer_from_purchases import SIGNS, infer_from_purchases
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.inference.rules import InferenceRules
from workers.connectors.progress import Watch

_AT_ONCE: Final = 200
_ACTOR: Final = "inference"
_FIRST: Final = UUID(int=0)
# The words are looked for in the whole body; which of its parts they stand in is asked of the few that have them.
_CONCERNED: Final = """
    SELECT DISTINCT customer_id FROM fact_log
    WHERE name = ANY($1) AND lower(body::text) LIKE ANY($2)
"""


async def infer_history(store: EventStore, rules: InferenceRules, watch: Watch) -> int:
    """Look at each of them, and return how many customers changed; done again, it changes nothing."""
    changed = 0
    concerned = await _concerned(store.pool, rules)
    watch.begin("customers", len(concerned))
    async for some in _parts(concerned):
        changed += await infer_from_purchases(some, rules=rules, by=Context(actor=_ACTOR), store=store)
        watch.advance(len(some))
    return changed


async def _concerned(pool: asyncpg.Pool, rules: InferenceRules) -> list[UUID]:
    words = {word.casefold() for rule in rules.purchases for word in rule.words}
    patterns = [f"%{word.replace('%', '').replace('_', '')}%" for word in sorted(words)]
    rows = await pool.fetch(_CONCERNED, list(SIGNS), patterns)
    return sorted(row["customer_id"] for row in rows)


async def _parts(customers: list[UUID]) -> AsyncIterator[list[UUID]]:
    for first in range(0, len(customers), _AT_ONCE):
        yield customers[first : first + _AT_ONCE]
