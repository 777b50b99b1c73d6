"""Design a journey: check a graph and its templates, and keep them as the campaign's next version."""

from typing import Any
from uuid import UUID

import msgspec

from commands.campaigns.loading import load_campaign
from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.channels import template
from domain.channels.channel import CHANNELS
from domain.journeys import graph
from domain.journeys.validating import validate


class DesignJourney(msgspec.Struct, frozen=True, kw_only=True):
    """`journey` is the graph's JSON form, `templates` wordings by key and language."""

    campaign_id: UUID
    journey: dict[str, Any]
    templates: dict[str, Any] = {}
    expected_version: int | None = None


async def design_journey(command: DesignJourney, *, streams: Streams, by: Context) -> Saved:
    """Keep the next version, which does not go live before a launch; raises `GraphError` or `TemplateError`."""
    campaign = await load_campaign(streams, command.campaign_id, command.expected_version)
    journey, templates = graph.parse(command.journey), template.parse(command.templates)
    validate(journey, offers=campaign.offers, templates=templates, channels=CHANNELS)
    # Kept with every default spelled out: a later default must not change what customers entered.
    version = campaign.design(msgspec.to_builtins(journey), msgspec.to_builtins(templates))
    return await streams.save(
        campaign, by=by, result={"id": campaign.id, "version": campaign.version, "journey_version": version}
    )
