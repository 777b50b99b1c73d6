"""Read campaign_overview: one campaign with its offers, or all campaigns."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from projections.engine.projection import Reading

_COLUMNS = """
    campaign_id, name, currency, description, external_id, starts_at, ends_at, created_at, journey_versions,
    live_version, is_paused, entered, version, position
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM campaign_overview.campaign
    WHERE position < coalesce($1, 9223372036854775807) AND ($2::uuid IS NULL OR campaign_id = $2)
    ORDER BY position DESC LIMIT $3
"""
_OFFERS = """
    SELECT campaign_id, offer_id, label, value, threshold, currency, valid_seconds, stock, per_customer, product_ids,
           reserved
    FROM campaign_overview.offer WHERE campaign_id = ANY($1) ORDER BY offer_id
"""

Standing = Literal["draft", "scheduled", "live", "paused", "ended"]


class OfferTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`value` off an order of at least `threshold`, minor units (fen); `left` is what its stock still holds."""

    offer_id: str
    label: str
    value: int
    threshold: int
    currency: str
    valid_seconds: int
    per_customer: int
    product_ids: list[str] | None
    stock: int | None
    left: int | None


class CampaignOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as it stands: `live_version` of the journey is what customers enter, `entered` how often they did."""

    id: UUID
    name: str
    description: str
    currency: str
    external_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    standing: Standing
    journey_versions: int
    live_version: int | None
    entered: int
    offers: list[OfferTerms]
    version: int
    position: int


async def campaign(reading: Reading, campaign_id: UUID, now: datetime) -> CampaignOverview | None:
    """Return a campaign as of `now` (UTC), None if there is none."""
    found = await _overviews(reading, await reading.fetch(_LIST, None, campaign_id, 1), now)
    return found[0] if found else None


async def campaigns(
    reading: Reading, now: datetime, *, before: int | None = None, limit: int = 50
) -> list[CampaignOverview]:
    """Return the campaigns created before a position of the log as of `now` (UTC), the newest first."""
    return await _overviews(reading, await reading.fetch(_LIST, before, None, limit), now)


async def _overviews(reading: Reading, rows: Iterable[asyncpg.Record], now: datetime) -> list[CampaignOverview]:
    found = list(rows)
    offers: dict[UUID, list[OfferTerms]] = {row["campaign_id"]: [] for row in found}
    for row in await reading.fetch(_OFFERS, list(offers)):
        offers[row["campaign_id"]].append(_offer(row))
    return [_overview(row, offers[row["campaign_id"]], now) for row in found]


def _overview(row: asyncpg.Record, offers: list[OfferTerms], now: datetime) -> CampaignOverview:
    fields = dict(row)
    is_paused = fields.pop("is_paused")
    return CampaignOverview(
        id=fields.pop("campaign_id"), standing=_standing(row, now, is_paused=is_paused), offers=offers, **fields
    )


def _standing(row: asyncpg.Record, now: datetime, *, is_paused: bool) -> Standing:
    """Say the same as `domain.campaigns.campaign.Campaign.standing`."""
    if row["live_version"] is None:
        return "draft"
    if row["ends_at"] is not None and now >= row["ends_at"]:
        return "ended"
    if is_paused:
        return "paused"
    return "scheduled" if row["starts_at"] is not None and now < row["starts_at"] else "live"


def _offer(row: asyncpg.Record) -> OfferTerms:
    stock, product_ids = row["stock"], row["product_ids"]
    return OfferTerms(
        offer_id=row["offer_id"],
        label=row["label"],
        value=row["value"],
        threshold=row["threshold"],
        currency=row["currency"],
        valid_seconds=row["valid_seconds"],
        per_customer=row["per_customer"],
        product_ids=None if product_ids is None else msgspec.json.decode(product_ids),
        stock=stock,
        left=None if stock is None else max(0, stock - row["reserved"]),
    )
