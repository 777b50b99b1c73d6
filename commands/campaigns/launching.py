"""Launch a campaign, or pause it."""

from uuid import UUID

import msgspec

from commands.campaigns.loading import load_campaign
from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams


class LaunchCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Let customers enter the latest version of its journey."""

    campaign_id: UUID
    expected_version: int | None = None


class PauseCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Stop entries, coupons and messages until it is launched again."""

    campaign_id: UUID
    expected_version: int | None = None


async def launch_campaign(command: LaunchCampaign, *, streams: Streams, by: Context) -> Saved:
    """Launch it; raises `NothingToLaunchError` or `AlreadyLaunchedError`."""
    campaign = await load_campaign(streams, command.campaign_id, command.expected_version)
    version = campaign.launch()
    return await streams.save(
        campaign, by=by, result={"id": campaign.id, "version": campaign.version, "journey_version": version}
    )


async def pause_campaign(command: PauseCampaign, *, streams: Streams, by: Context) -> Saved:
    """Pause it; raises `NotLiveError`."""
    campaign = await load_campaign(streams, command.campaign_id, command.expected_version)
    campaign.pause()
    return await streams.save(campaign, by=by, result={"id": campaign.id, "version": campaign.version})
