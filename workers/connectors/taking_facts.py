"""Take a file's facts: while one chunk is written, the next one is made."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from uuid import UUID

import duckdb
import msgspec

from commands.activity import file_versions
from commands.activity.fact_keys import Claims, KeysTakenError
from commands.activity.import_customers import Seen, import_customers
from commands.activity.import_facts import FactChunk, import_facts, reserve_ids, sealed
from commands.identity.describing import Describing
from commands.runtime.clock import now
from domain.activity.sealing import FactsSealed, seal_stream
from domain.identity.customer import Observed
from domain.identity.identifier import Identifier, IdentifierType
from domain.ingestion.mapping import Mapping
from workers.connectors.broken import refuse_nonsense
from workers.connectors.destination import ACTOR, Destination
from workers.connectors.earlier import load_earlier, withdrawal_key
from workers.connectors.engine import count, literal
from workers.connectors.facts import ROWS, newcomers_of
from workers.connectors.loading import Loaded
from workers.connectors.progress import Watch
from workers.connectors.rendering import render, seal
from workers.connectors.settling import Settling
from workers.connectors.taken import Taken
from workers.connectors.threads import in_engine, in_thread

T = TypeVar("T")

_ATTEMPTS = 5


class _Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk ready to be written; `facts` is None if it was written before, or nothing in it is left to record."""

    count: int
    customers: list[Seen]
    facts: FactChunk | None


async def take_facts(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination, watch: Watch) -> Taken:
    """Write the facts and the customers they are the first to speak of, less what is known, plus what is taken back.

    Raises:
        SuppressionsMovedError: somebody was erased since the file was loaded.
        SourceFileError: it contradicts an earlier version in too much; nothing was written then.
    """
    taking = await _Taking.begun(engine, loaded, into)
    total = 0
    # Closed at once when something fails: what is being prepared uses the engine.
    async with aclosing(_ahead(loaded.facts.chunks, taking.prepare, ahead=taking.settling is None)) as chunks:
        async for chunk, prepared in chunks:
            await taking.write(chunk, prepared)
            total += prepared.count
            watch.advance(loaded.facts.rows_of(chunk))
    if taking.settling is None:
        return Taken(items=total)
    await taking.withdraw()
    so_far = taking.settling.so_far
    return Taken(items=total, unchanged=so_far.unchanged, elsewhere=so_far.elsewhere, withdrawn=so_far.withdrawn)


class _Taking:
    """The chunks of one file: prepared in the engine, then written."""

    def __init__(
        self,
        engine: duckdb.DuckDBPyConnection,
        loaded: Loaded,
        into: Destination,
        seals: dict[UUID, FactsSealed],
        settling: Settling | None,
    ) -> None:
        self._engine = engine
        self._loaded = loaded
        self._into = into
        self._mapping = loaded.plan.mapping
        self._sha256 = loaded.raw.file.sha256
        self._seals = seals
        self.settling = settling

    @classmethod
    async def begun(cls, engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination) -> Self:
        """Look what is known of the file: its chunks, its earlier versions, the keys of its facts."""
        identity, file = loaded.plan.mapping.identity, loaded.raw.file
        streams = [seal_stream(identity, f"{file.sha256}:{chunk}") for chunk in range(loaded.facts.chunks)]
        settling = await settling_of(engine, loaded, into)
        if settling:
            await settling.compare()
        if loaded.version_of:
            await file_versions.begin(into.store.pool, identity, loaded.version_of, file.sha256, loaded.facts.chunks)
        return cls(engine, loaded, into, await sealed(into.store.pool, streams), settling)

    async def prepare(self, chunk: int) -> _Prepared:
        """Make a chunk, and all of it that is left to record ready to be written."""
        engine, key = self._engine, f"{self._sha256}:{chunk}"
        made = await in_engine(engine, self._loaded.facts.make, chunk)
        refuse_nonsense(engine, self._loaded, chunk)
        customers = await in_engine(engine, _newcomers, engine, self._loaded, self._into.describing)
        known = self._seals.get(seal_stream(self._mapping.identity, key))
        claims = await self.settling.chunk(known) if self.settling else None
        left = self.settling.remaining() if self.settling else made
        if left == 0 or known:
            return _Prepared(count=made, customers=customers if left < made else [], facts=None)
        rows = await self._rendered(key, left, claims=claims, is_checked=chunk == 0)
        return _Prepared(count=made, customers=customers, facts=rows)

    async def write(self, chunk: int, prepared: _Prepared) -> None:
        """Write a chunk; what another source has told in this very moment is left out."""
        for _ in range(_ATTEMPTS):
            await import_customers(self._into.store, prepared.customers, by=self._into.by, source=self._mapping.source)
            try:
                await self._commit(prepared.facts)
            except KeysTakenError:
                if self.settling is None:
                    raise
                left = await self.settling.again()
                key = f"{self._sha256}:{chunk}"
                rows = await self._rendered(key, *left, is_checked=False) if left[0] else None
                prepared = msgspec.structs.replace(prepared, customers=[], facts=rows)
            else:
                return

    async def withdraw(self) -> None:
        """Take back what earlier versions told and this one does not."""
        settling = self.settling
        vanished = settling.vanished if settling else 0
        for number, first in enumerate(range(0, vanished, ROWS)):
            key = withdrawal_key(self._sha256, number)
            if settling is None or await sealed(self._into.store.pool, [seal_stream(self._mapping.identity, key)]):
                continue
            bounds = (first, first + ROWS - 1)
            left = await in_engine(self._engine, settling.withdraw, *bounds)
            claims = Claims(given_up=settling.given_up(*bounds)) if settling.has_keys else None
            await self._commit(await self._rendered(key, left, claims=claims, is_checked=True))
        if settling:
            settling.so_far.withdrawn += vanished

    async def record_left(self, event: str, number: int, first: int, last: int) -> None:
        """Write who has left, of some of those who are missing."""
        key = f"{self._sha256}:left:{number}"
        if await sealed(self._into.store.pool, [seal_stream(self._mapping.identity, key)]):
            return
        body = literal(msgspec.json.encode({"file": self._loaded.raw.file.name}).decode())
        self._engine.execute(
            "CREATE OR REPLACE TEMP TABLE settled AS "
            f"SELECT rowid AS first, who, TIMESTAMP '{_naive(now())}' AS happened, {literal(event)} AS event, "
            f"CAST(NULL AS BIGINT) AS amount, {body} AS body, CAST(NULL AS VARCHAR) AS hidden FROM vanished "
            f"WHERE rowid BETWEEN {first} AND {last} AND who IS NOT NULL ORDER BY who"
        )
        self._engine.execute("CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM settled")
        if left := count(self._engine, "SELECT count(*) FROM settled"):
            await self._commit(await self._rendered(key, left, claims=None, is_checked=True))

    async def _commit(self, facts: FactChunk | None) -> None:
        if facts:
            guard: dict[str, Any] = {"suppressions": self._into.store.suppressions, "known": self._loaded.known}
            await in_thread(import_facts, self._into.store.recorder, facts, actor=ACTOR, **guard)

    async def _rendered(self, key: str, size: int, claims: Claims | None, *, is_checked: bool) -> FactChunk:
        engine, into = self._engine, self._into
        await seal(engine, into.store.keyring)
        first_id = await in_thread(reserve_ids, into.store.recorder, into.ids, size)
        recorded_at = now()
        rendered = await in_engine(
            engine,
            render,
            engine,
            first_id=first_id,
            recorded_at=recorded_at,
            source=self._mapping.source,
            currency=self._loaded.plan.currency,
            is_settled=self.settling is not None,
        )
        if claims and claims.takes and self.settling:
            ids = self.settling.fact_ids(first_id)
            takes = {key: ids[first] for key, first in claims.takes.items()}
            claims = msgspec.structs.replace(claims, takes=takes)
        return FactChunk(
            origin=self._mapping.identity,
            batch_key=key,
            source=self._mapping.source,
            first_id=first_id,
            count=size,
            recorded_at=recorded_at,
            csv=rendered.csv,
            sha256=rendered.sha256,
            latest_occurred_at=rendered.latest_occurred_at,
            is_checked=is_checked,
            claims=claims,
        )


async def record_left(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination) -> None:
    """Record of each customer who is missing in a file of all of them that she has left, where that is declared."""
    form = loaded.plan.mapping.snapshot_form
    if form is None or not form.left or loaded.snapshot is None:
        return
    taking = _Taking(engine, loaded, into, {}, None)
    for number, first in enumerate(range(0, loaded.snapshot.left, ROWS)):
        await taking.record_left(form.left, number, first, first + ROWS - 1)


async def settling_of(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination) -> Settling | None:
    """Return what compares the file with what is known; None if there is nothing to compare it with."""
    plan, before = loaded.plan, []
    if loaded.version_of:
        known = await file_versions.versions(into.store.pool, plan.mapping.identity, loaded.version_of)
        before = file_versions.earlier(known, loaded.raw.file.sha256)
    if not before and plan.ref is None and plan.operation is None:
        return None
    earlier = await load_earlier(engine, into, plan.mapping.identity, before)
    return Settling(engine, loaded, into, earlier=earlier)


async def _ahead(
    chunks: int, prepare: Callable[[int], Awaitable[T]], *, ahead: bool
) -> AsyncGenerator[tuple[int, T], None]:
    """Yield what was prepared of each chunk; with `ahead` the next one is being prepared meanwhile."""
    following: asyncio.Future[T] | None = None
    try:
        for chunk in range(chunks):
            prepared = await (following or prepare(chunk))
            following = asyncio.ensure_future(prepare(chunk + 1)) if ahead and chunk + 1 < chunks else None
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


def _naive(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")


def utc(moment: datetime | None, otherwise: datetime) -> datetime:
    """Return a time of the engine, which are all of UTC, with its zone."""
    return moment.replace(tzinfo=UTC) if moment else otherwise
