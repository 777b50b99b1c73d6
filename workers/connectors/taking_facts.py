"""Take a file's facts: while one chunk is written, the next one is made."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import duckdb
import msgspec

from commands.activity.import_customers import Seen, import_customers
from commands.activity.import_facts import FactChunk, import_facts, known, reserve_ids
from commands.identity.describing import Describing
from commands.runtime.clock import now
from domain.activity.sealing import seal_stream
from domain.identity.customer import Observed
from domain.identity.identifier import Identifier, IdentifierType
from domain.ingestion.mapping import Mapping
from workers.connectors.broken import refuse_nonsense
from workers.connectors.destination import ACTOR, Destination
from workers.connectors.facts import newcomers_of
from workers.connectors.loading import Loaded
from workers.connectors.progress import Watch
from workers.connectors.rendering import render, seal
from workers.connectors.threads import in_engine, in_thread

T = TypeVar("T")


class _Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk ready to be written; `facts` is None if it was written before, or nothing in it was good."""

    count: int
    customers: list[Seen]
    facts: FactChunk | None


async def take_facts(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination, watch: Watch) -> int:
    """Write the facts and the customers they are the first to speak of; return how many facts the file has.

    Raises `SuppressionsMovedError` if somebody was erased since the file was loaded.
    """
    mapping, facts = loaded.plan.mapping, loaded.facts
    keys = [f"{loaded.raw.file.sha256}:{chunk}" for chunk in range(facts.chunks)]
    done = await known(into.store.pool, [seal_stream(mapping.identity, key) for key in keys])

    async def prepare(chunk: int) -> _Prepared:
        count = await in_engine(engine, facts.make, chunk)
        refuse_nonsense(engine, loaded, chunk)
        customers = await in_engine(engine, _newcomers, engine, loaded, into.describing)
        if count == 0 or seal_stream(mapping.identity, keys[chunk]) in done:
            return _Prepared(count=count, customers=[], facts=None)
        await seal(engine, into.store.keyring)
        first_id = await in_thread(reserve_ids, into.store.recorder, into.ids, count)
        recorded_at, currency = now(), loaded.plan.currency
        rendered = await in_engine(
            engine, render, engine, first_id=first_id, recorded_at=recorded_at, source=mapping.source, currency=currency
        )
        rows = FactChunk(
            origin=mapping.identity,
            batch_key=keys[chunk],
            source=mapping.source,
            first_id=first_id,
            count=count,
            recorded_at=recorded_at,
            csv=rendered.csv,
            sha256=rendered.sha256,
            latest_occurred_at=rendered.latest_occurred_at,
            is_checked=chunk == 0,
        )
        return _Prepared(count=count, customers=customers, facts=rows)

    total = 0
    # Closed at once when something fails: what is being prepared uses the engine.
    async with aclosing(_ahead(facts.chunks, prepare)) as chunks:
        async for chunk, prepared in chunks:
            if prepared.facts:
                await import_customers(into.store, prepared.customers, by=into.by, source=mapping.source)
                guard: dict[str, Any] = {"suppressions": into.store.suppressions, "known": loaded.known}
                await in_thread(import_facts, into.store.recorder, prepared.facts, actor=ACTOR, **guard)
            total += prepared.count
            watch.advance(facts.rows_of(chunk))
    return total


async def _ahead(chunks: int, prepare: Callable[[int], Awaitable[T]]) -> AsyncGenerator[tuple[int, T], None]:
    """Yield what was prepared of each chunk; the next one is being prepared meanwhile."""
    following: asyncio.Future[T] | None = None
    try:
        for chunk in range(chunks):
            prepared = await (following or prepare(chunk))
            following = asyncio.ensure_future(prepare(chunk + 1)) if chunk + 1 < chunks else None
            yield chunk, prepared
    finally:
        if following:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def _newcomers(engine: duckdb.DuckDBPyConnection, loaded: Loaded, rules: Describing) -> list[Seen]:
    loaded.facts.newcomers()
    mapping, present = loaded.plan.mapping, now()
    return [
        Seen(customer_id=who, identifiers=observed(mapping, pairs, rules, at), occurred_at=at)
        for who, happened, *pairs in engine.execute(newcomers_of(loaded.facts.ids)).fetchall()
        for at in (utc(happened, present),)
    ]


def observed(mapping: Mapping, pairs: list[UUID | str | None], rules: Describing, at: datetime) -> tuple[Observed, ...]:
    """Return the identifiers of a row, the strongest first, from ids and values in turn; what is null is not there."""
    found: dict[UUID, tuple[int, Observed]] = {}
    for number, one in enumerate(mapping.identifier):
        named, value = pairs[2 * number], pairs[2 * number + 1]
        if isinstance(named, UUID):
            kind = IdentifierType(one.type)
            if value is None:
                noted = Observed(named, kind.value, None)
            else:
                noted = rules.noted(Identifier(kind, str(value)), named, at)
            found.setdefault(named, (kind.rank, noted))
    return tuple(one for _, one in sorted(found.values(), key=lambda pair: (pair[0], pair[1].value or "")))


def utc(moment: datetime | None, otherwise: datetime) -> datetime:
    """Return a time of the engine, which are all of UTC, with its zone."""
    return moment.replace(tzinfo=UTC) if moment else otherwise
