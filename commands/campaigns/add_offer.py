"""Add an offer to a campaign: terms under which coupons can be issued."""

from uuid import UUID

import msgspec

from commands.campaigns.loading import load_campaign
from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.campaigns.offer import Offer


class AddOffer(msgspec.Struct, frozen=True, kw_only=True):
    """`expected_version` is the campaign's version the caller has seen."""

    campaign_id: UUID
    offer: Offer
    expected_version: int | None = None


async def add_offer(command: AddOffer, *, streams: Streams, by: Context) -> Saved:
    """Add it; raises `OfferTermsError` or `OfferExistsError`."""
    campaign = await load_campaign(streams, command.campaign_id, command.expected_version)
    campaign.add_offer(command.offer)
    result = {"id": campaign.id, "version": campaign.version, "offer_id": command.offer.offer_id}
    return await streams.save(campaign, by=by, result=result)
