"""A launched campaign in the log, as an operator would have made it."""

from typing import Any
from uuid import UUID, uuid4

from commands.campaigns.add_offer import AddOffer, add_offer
from commands.campaigns.create_campaign import CreateCampaign, create_campaign
from commands.campaigns.design_journey import DesignJourney, design_journey
from commands.campaigns.launching import LaunchCampaign, launch_campaign
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.campaigns.offer import Offer
from tests.builders import CART_JOURNEY, TEMPLATES, an_offer

OPERATOR = Context(actor="operator li")


async def a_launched_campaign(
    streams: Streams, *offers: Offer, journey: dict[str, Any] = CART_JOURNEY, templates: dict[str, Any] = TEMPLATES
) -> UUID:
    """Create, offer, design, launch."""
    campaign_id = uuid4()
    create = CreateCampaign(campaign_id=campaign_id, name="购物车挽回", currency="CNY")
    await create_campaign(create, streams=streams, by=OPERATOR)
    for offer in offers or (an_offer(),):
        await add_offer(AddOffer(campaign_id=campaign_id, offer=offer), streams=streams, by=OPERATOR)
    design = DesignJourney(campaign_id=campaign_id, journey=journey, templates=templates)
    await design_journey(design, streams=streams, by=OPERATOR)
    await launch_campaign(LaunchCampaign(campaign_id=campaign_id), streams=streams, by=OPERATOR)
    return campaign_id
