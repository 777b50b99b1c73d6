"""Take a file's customers, campaigns or offers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import duckdb
import msgspec

from commands.activity import file_versions
from commands.activity.import_campaigns import CampaignFound, OfferFound, import_campaigns, import_offers
from commands.activity.import_customers import MOST_EVENTS, Seen, import_customers
from commands.runtime.clock import now
from domain.activity.personal import split
from workers.connectors.broken import refuse_nonsense
from workers.connectors.destination import Destination
from workers.connectors.facts import people_of
from workers.connectors.loading import Loaded
from workers.connectors.progress import Watch
from workers.connectors.taken import Taken
from workers.connectors.taking_facts import observed, record_left, utc
from workers.connectors.threads import in_engine

T = TypeVar("T")


class _Campaign(msgspec.Struct):
    external_id: str
    name: str
    description: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class _Product(msgspec.Struct):
    product_id: str


class _Offer(msgspec.Struct):
    campaign: str
    offer_id: str
    label: str = ""
    value: int = 0
    threshold: int = 0
    products: tuple[_Product, ...] = ()


async def take_customers(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination, watch: Watch) -> Taken:
    """Register and describe the customers, and record who has left; return how many rows spoke of one."""
    total, present = 0, now()
    file, snapshot = loaded.raw.file, loaded.snapshot
    if loaded.version_of:
        identity, chunks = loaded.plan.mapping.identity, loaded.facts.chunks
        await file_versions.begin(into.store.pool, identity, loaded.version_of, file.sha256, chunks)
    for chunk in range(loaded.facts.chunks):
        total += await _made(engine, loaded, chunk)
        await in_engine(engine, loaded.facts.newcomers)
        rows = await in_engine(engine, lambda: engine.execute(people_of(loaded.facts.ids)).fetchall())
        for first in range(0, len(rows), MOST_EVENTS):
            seen = [_seen(row, loaded, into, present) for row in rows[first : first + MOST_EVENTS]]
            await import_customers(
                into.store, seen, by=into.by, source=loaded.plan.mapping.source, describing=into.describing
            )
        watch.advance(loaded.facts.rows_of(chunk))
    if snapshot is None:
        return Taken(items=total)
    await record_left(engine, loaded, into)
    return Taken(items=total + snapshot.unchanged, unchanged=snapshot.unchanged, left=snapshot.left)


async def take_campaigns(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination, watch: Watch) -> Taken:
    """Create the campaigns that are new; return how many the file has."""
    total, mapping = 0, loaded.plan.mapping
    for chunk in range(loaded.facts.chunks):
        total += await _made(engine, loaded, chunk)
        found = [
            CampaignFound(currency=str(mapping.currency), **msgspec.structs.asdict(one))
            for one in _bodies(engine, _Campaign)
        ]
        await import_campaigns(into.store.streams, mapping.source, found, by=into.by)
        watch.advance(loaded.facts.rows_of(chunk))
    return Taken(items=total)


async def take_offers(engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination, watch: Watch) -> Taken:
    """Add the offers that are new to their campaigns; return how many the file has."""
    total, mapping = 0, loaded.plan.mapping
    for chunk in range(loaded.facts.chunks):
        total += await _made(engine, loaded, chunk)
        found = [
            OfferFound(
                campaign=one.campaign,
                offer_id=one.offer_id,
                label=one.label,
                value=one.value,
                threshold=one.threshold,
                product_ids=tuple(product.product_id for product in one.products) or None,
            )
            for one in _bodies(engine, _Offer)
        ]
        await import_offers(into.store.streams, mapping.source, found, by=into.by)
        watch.advance(loaded.facts.rows_of(chunk))
    return Taken(items=total)


async def _made(engine: duckdb.DuckDBPyConnection, loaded: Loaded, chunk: int) -> int:
    made = await in_engine(engine, loaded.facts.make, chunk)
    refuse_nonsense(engine, loaded, chunk)
    return made


def _bodies(engine: duckdb.DuckDBPyConnection, kind: type[T]) -> list[T]:
    decode = msgspec.json.Decoder(kind).decode
    return [decode(body) for (body,) in engine.execute("SELECT body FROM facts ORDER BY first").fetchall()]


def _seen(row: Sequence[Any], loaded: Loaded, into: Destination, present: datetime) -> Seen:
    who, happened, body, hidden, *pairs = row
    said, at = msgspec.json.decode(body), utc(happened, present)
    tags, consents = loaded.asides.tags(said, at), loaded.asides.consents(said, at)
    plain, personal = split(said, of_person=True)
    return Seen(
        customer_id=who,
        identifiers=observed(loaded.plan.mapping, pairs, into.describing, at),
        occurred_at=at,
        attributes=plain,
        personal=personal | (msgspec.json.decode(hidden) if hidden else {}),
        tags=tags,
        consents=consents,
    )
