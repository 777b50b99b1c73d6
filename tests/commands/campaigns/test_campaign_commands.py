"""Campaigns by command: what an operator sends, and what is answered."""

from uuid import uuid4

import pytest

from commands.campaigns.add_offer import AddOffer, add_offer
from commands.campaigns.create_campaign import CreateCampaign, create_campaign
from commands.campaigns.design_journey import DesignJourney, design_journey
from commands.campaigns.launching import LaunchCampaign, PauseCampaign, launch_campaign, pause_campaign
from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.campaigns.errors import CampaignNotFoundError
from domain.journeys.graph import GraphError
from domain.kernel.errors import StaleVersionError
from tests.builders import CART_JOURNEY, NOON, TEMPLATES, an_offer
from tests.commands.launched import OPERATOR, a_launched_campaign


async def test_a_campaign_goes_from_a_name_to_live_and_paused(streams: Streams) -> None:
    """Each step finds what the step before left in the log."""
    campaign_id = await a_launched_campaign(streams)
    live = await streams.load(Campaign, campaign_id)
    assert (live.standing(NOON), live.version) == ("live", 4)
    assert live.offers == {"cart-5-off": an_offer()}
    await pause_campaign(PauseCampaign(campaign_id=campaign_id, expected_version=4), streams=streams, by=OPERATOR)
    assert (await streams.load(Campaign, campaign_id)).standing(NOON) == "paused"


async def test_a_design_is_kept_with_every_default_spelled_out(streams: Streams) -> None:
    """A later default does not change what customers entered."""
    campaign = await streams.load(Campaign, await a_launched_campaign(streams))
    nodes = campaign.designs[1].journey["nodes"]
    assert nodes["carted"]["max_age_seconds"] == 86_400
    assert nodes["tell"]["purpose"] == "marketing"


async def test_a_journey_that_names_what_the_campaign_does_not_have_is_refused(streams: Streams) -> None:
    """And nothing is kept of it."""
    campaign_id = uuid4()
    create = CreateCampaign(campaign_id=campaign_id, name="双十二", currency="CNY")
    await create_campaign(create, streams=streams, by=OPERATOR)
    design = DesignJourney(campaign_id=campaign_id, journey=CART_JOURNEY, templates=TEMPLATES)
    with pytest.raises(GraphError, match="no offer cart-5-off"):
        await design_journey(design, streams=streams, by=OPERATOR)
    assert (await streams.load(Campaign, campaign_id)).version == 1


async def test_a_command_on_a_version_that_has_passed_is_refused(streams: Streams) -> None:
    """The operator decides on what she has seen."""
    campaign_id = await a_launched_campaign(streams)
    offer = AddOffer(campaign_id=campaign_id, offer=an_offer(offer_id="ten-off"), expected_version=3)
    with pytest.raises(StaleVersionError, match="version 4"):
        await add_offer(offer, streams=streams, by=OPERATOR)


async def test_an_unknown_campaign_is_not_begun_by_accident(streams: Streams) -> None:
    """A typing error in an id is answered."""
    with pytest.raises(CampaignNotFoundError):
        await launch_campaign(LaunchCampaign(campaign_id=uuid4()), streams=streams, by=OPERATOR)


async def test_a_repeated_command_finds_what_it_made_the_first_time(streams: Streams) -> None:
    """The answer is that of the first time."""
    campaign_id = await a_launched_campaign(streams)
    by = Context(actor="operator li", command_id=uuid4())
    await pause_campaign(PauseCampaign(campaign_id=campaign_id), streams=streams, by=by)
    await launch_campaign(LaunchCampaign(campaign_id=campaign_id), streams=streams, by=OPERATOR)
    with pytest.raises(AlreadyDoneError) as done:
        await pause_campaign(PauseCampaign(campaign_id=campaign_id), streams=streams, by=by)
    assert b'"version":5' in (done.value.result or b"").replace(b" ", b"")
