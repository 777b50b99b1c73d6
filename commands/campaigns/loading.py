"""Load a campaign as the one who asks believes it to be."""

from uuid import UUID

from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.campaigns.errors import CampaignNotFoundError
from domain.kernel.errors import StaleVersionError


async def load_campaign(streams: Streams, campaign_id: UUID, expected_version: int | None = None) -> Campaign:
    """Return the campaign; raises `CampaignNotFoundError`, or `StaleVersionError` if it is not at that version."""
    campaign = await streams.load(Campaign, campaign_id)
    if not campaign.exists:
        raise CampaignNotFoundError("there is no campaign with this id")
    if expected_version not in (None, campaign.version):
        raise StaleVersionError(f"the campaign is at version {campaign.version}: read it again and decide anew")
    return campaign
