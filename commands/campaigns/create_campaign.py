"""Create a campaign: a name, a currency, and when it runs."""

from datetime import datetime
from uuid import UUID

import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign


class CreateCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """The id is the caller's choice; `external_id` is its name in the system it comes from."""

    campaign_id: UUID
    name: str
    currency: str
    description: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    external_id: str | None = None


async def create_campaign(command: CreateCampaign, *, streams: Streams, by: Context) -> Saved:
    """Create it; raises `CampaignExistsError` or `CampaignTermsError`."""
    campaign = await streams.load(Campaign, command.campaign_id)
    campaign.create(
        name=command.name,
        currency=command.currency,
        description=command.description,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        external_id=command.external_id,
    )
    return await streams.save(campaign, by=by, result={"id": campaign.id, "version": campaign.version})
