"""campaign_overview: campaigns are few and change seldom, so one event at a time; what is counted, by the page."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from domain.campaigns.campaign import Campaign
from domain.journeys.run import JourneyRun
from projections.campaign_overview.table import tables
from projections.engine.page import Entry, Page
from projections.engine.projection import Projection

_CREATE = """
    INSERT INTO campaign (campaign_id, name, currency, description, external_id, starts_at, ends_at, created_at,
                          version, position)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_DESIGN = "UPDATE campaign SET journey_versions = $2 WHERE campaign_id = $1"
_LAUNCH = "UPDATE campaign SET live_version = $2, is_paused = false WHERE campaign_id = $1"
_PAUSE = "UPDATE campaign SET is_paused = true WHERE campaign_id = $1"
_OFFER = """
    INSERT INTO offer (campaign_id, offer_id, label, value, threshold, currency, valid_seconds, stock, per_customer,
                       product_ids)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_RESERVE = """
    UPDATE offer AS o SET reserved = o.reserved + t.count
    FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS t (campaign_id, offer_id, count)
    WHERE o.campaign_id = t.campaign_id AND o.offer_id = t.offer_id
"""
_ENTER = """
    UPDATE campaign AS c SET entered = c.entered + t.count
    FROM unnest($1::uuid[], $2::bigint[]) AS t (campaign_id, count) WHERE c.campaign_id = t.campaign_id
"""
_VERSION = """
    UPDATE campaign AS c SET version = t.version
    FROM unnest($1::uuid[], $2::bigint[]) AS t (campaign_id, version) WHERE c.campaign_id = t.campaign_id
"""


# msgspec reads "anything or null" as null alone.
_NONE = msgspec.Raw(b"null")


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Created(msgspec.Struct):
    meta: _Meta
    name: str
    currency: str
    description: str = ""
    external_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class _Versioned(msgspec.Struct):
    journey_version: int


class _Offer(msgspec.Struct):
    offer_id: str
    label: str
    value: int
    threshold: int
    currency: str
    valid_seconds: int
    stock: int | None
    per_customer: int
    product_ids: msgspec.Raw = _NONE


class _Counted(msgspec.Struct):
    campaign_id: UUID | None = None
    offer_id: str = ""


_created = msgspec.json.Decoder(_Created).decode
_versioned = msgspec.json.Decoder(_Versioned).decode
_offered = msgspec.json.Decoder(_Offer).decode
_counted = msgspec.json.Decoder(_Counted).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    for entry in page.of(*_CHANGES):
        await _CHANGES[entry.topic](connection, entry)
    entered = Counter(_counted(entry.state).campaign_id for entry in page.of(_ENTERED))
    if entered:
        await connection.execute(_ENTER, list(entered), list(entered.values()))
    reserved = Counter((entry.stream_id, _counted(entry.state).offer_id) for entry in page.of(_RESERVED))
    if reserved:
        campaigns, offers = zip(*reserved, strict=True)
        await connection.execute(_RESERVE, list(campaigns), list(offers), list(reserved.values()))
    versions = {entry.stream_id: entry.version for entry in page.of(*_CHANGES, _RESERVED)}
    if versions:
        await connection.execute(_VERSION, list(versions), list(versions.values()))


async def _create(connection: asyncpg.Connection, entry: Entry) -> None:
    said = _created(entry.state)
    await connection.execute(
        _CREATE,
        entry.stream_id,
        said.name,
        said.currency,
        said.description,
        said.external_id,
        said.starts_at,
        said.ends_at,
        said.meta.occurred_at,
        entry.version,
        entry.position,
    )


async def _design(connection: asyncpg.Connection, entry: Entry) -> None:
    await connection.execute(_DESIGN, entry.stream_id, _versioned(entry.state).journey_version)


async def _offer(connection: asyncpg.Connection, entry: Entry) -> None:
    said: Any = _offered(entry.state)
    terms = [getattr(said, name) for name in _Offer.__struct_fields__[:-1]]
    products = None if said.product_ids == _NONE else bytes(said.product_ids).decode()
    await connection.execute(_OFFER, entry.stream_id, *terms, products)


async def _launch(connection: asyncpg.Connection, entry: Entry) -> None:
    await connection.execute(_LAUNCH, entry.stream_id, _versioned(entry.state).journey_version)


async def _pause(connection: asyncpg.Connection, entry: Entry) -> None:
    await connection.execute(_PAUSE, entry.stream_id)


_ENTERED = JourneyRun.Entered.TOPIC
_RESERVED = Campaign.OfferReserved.TOPIC
_CHANGES: dict[str, Callable[[asyncpg.Connection, Entry], Awaitable[None]]] = {
    Campaign.Created.TOPIC: _create,
    Campaign.Designed.TOPIC: _design,
    Campaign.OfferAdded.TOPIC: _offer,
    Campaign.Launched.TOPIC: _launch,
    Campaign.Paused.TOPIC: _pause,
}
PROJECTION = Projection(
    name="campaign_overview",
    version=1,
    tables=tables,
    topics=frozenset({*_CHANGES, _RESERVED, _ENTERED}),
    apply=apply,
)
