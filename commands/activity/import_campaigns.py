"""Import campaigns and offers of another system: they are its decisions, kept as it took them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.campaigns.errors import CampaignNotFoundError
from domain.campaigns.offer import Offer
from domain.kernel.ids import derived

_UNTIL_THE_END = 7 * 86_400


class CampaignFound(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as a file tells it; times are UTC, `ends_at` is the first instant after it."""

    external_id: str
    name: str
    currency: str
    description: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class OfferFound(msgspec.Struct, frozen=True, kw_only=True):
    """An offer as a file tells it; amounts in minor units, a `value` of 0 where the file does not tell it."""

    campaign: str
    offer_id: str
    label: str = ""
    value: int = 0
    threshold: int = 0
    product_ids: tuple[str, ...] | None = None


def campaign_id(source: str, external_id: str) -> UUID:
    """Return the id of the campaign that a source calls so."""
    return derived("campaign", source, external_id)


async def import_campaigns(streams: Streams, source: str, found: Sequence[CampaignFound], *, by: Context) -> int:
    """Create the campaigns that are new and return how many; raises `CampaignTermsError`."""
    campaigns = await streams.load_many(Campaign, [campaign_id(source, one.external_id) for one in found])
    new = []
    for one in found:
        campaign = campaigns[campaign_id(source, one.external_id)]
        if not campaign.exists:
            campaign.create(**msgspec.structs.asdict(one))
            new.append(campaign)
    if new:
        await streams.save(*new, by=by)
    return len(new)


async def import_offers(streams: Streams, source: str, found: Sequence[OfferFound], *, by: Context) -> int:
    """Add the offers that are new to one campaign after the other and return how many.

    Raises `CampaignNotFoundError` for an offer of a campaign that was not imported before.
    """
    by_campaign: dict[str, list[OfferFound]] = {}
    for one in found:
        by_campaign.setdefault(one.campaign, []).append(one)
    added = 0
    for external_id, offers in by_campaign.items():
        campaign = await streams.load(Campaign, campaign_id(source, external_id))
        if not campaign.exists:
            raise CampaignNotFoundError(f"the campaign {external_id} of {source} is unknown: import campaigns first")
        for one in offers:
            if one.offer_id not in campaign.offers:
                # Not `add_offer`: its rules are for promises we make; here someone else made them.
                campaign.record(Campaign.OfferAdded, **msgspec.structs.asdict(_terms(campaign, one)))
                added += 1
        await streams.save(campaign, by=by)
    return added


def _terms(campaign: Campaign, found: OfferFound) -> Offer:
    run = (campaign.ends_at - campaign.starts_at).total_seconds() if campaign.ends_at and campaign.starts_at else 0
    return Offer(
        offer_id=found.offer_id,
        label=found.label or found.offer_id,
        value=found.value,
        currency=campaign.currency,
        threshold=found.threshold,
        valid_seconds=int(run) or _UNTIL_THE_END,
        product_ids=found.product_ids,
    )
