"""The cart journey end to end on a real log: carted, waited, given a coupon, asked for a message."""

import asyncio
import copy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.campaigns.advance_journey import AdvanceJourney, advance_id, advance_journey
from commands.campaigns.design_journey import DesignJourney, design_journey
from commands.campaigns.launching import LaunchCampaign, PauseCampaign, launch_campaign, pause_campaign
from commands.coupons.issue_coupon import IssueCoupon, issue_coupon
from commands.runtime.context import AlreadyDoneError, Context, Saved
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.channels.message import Message
from domain.coupons.coupon import Coupon, coupon_id
from domain.journeys.run import JourneyRun, message_id, run_id
from domain.journeys.stimuli import Stimulus, TimerFired
from domain.kernel.errors import StaleVersionError
from tests.builders import CART_JOURNEY, CUSTOMER, NOON, a_fact, an_offer
from tests.commands.launched import OPERATOR, a_launched_campaign

ADDED = a_fact("Product Added", 4_711, name="羽绒服")
PAID = a_fact("Order Completed", 4_712, after=60)
DUE = TimerFired(node="half_an_hour", visit=1)
HALF_PAST = NOON + timedelta(minutes=30)


async def tell(
    streams: Streams, campaign_id: UUID, stimulus: Stimulus, now: datetime = NOON, customer_id: UUID = CUSTOMER
) -> Saved | None:
    """What the worker does with a stimulus."""
    while True:
        campaign = await streams.load(Campaign, campaign_id)
        run = await streams.load(JourneyRun, run_id(campaign_id, customer_id))
        by = Context(actor="journeys", command_id=advance_id(run.id, stimulus))
        command = AdvanceJourney(customer_id=customer_id, stimulus=stimulus, now=now)
        try:
            return await advance_journey(command, campaign=campaign, run=run, streams=streams, by=by)
        except StaleVersionError:
            continue


async def run_of(streams: Streams, campaign_id: UUID, customer_id: UUID = CUSTOMER) -> JourneyRun:
    """Where the customer stands."""
    return await streams.load(JourneyRun, run_id(campaign_id, customer_id))


async def test_who_does_not_pay_gets_one_coupon_and_one_message_about_it(streams: Streams) -> None:
    """Run, coupon and message are saved together, and each can be explained."""
    campaign_id = await a_launched_campaign(streams)
    await tell(streams, campaign_id, ADDED)
    saved = await tell(streams, campaign_id, DUE, HALF_PAST)
    run = await run_of(streams, campaign_id)
    coupon = await streams.load(Coupon, coupon_id(campaign_id, "cart-5-off", CUSTOMER, 1))
    message = await streams.load(Message, message_id(run.id, "tell", 3))
    assert saved
    assert saved.versions == {run.id: 6, coupon.id: 1, message.id: 1}
    assert run.state.status == "finished"
    assert coupon.issued
    assert coupon.issued.because.run_id == run.id
    assert (coupon.issued.because.node, coupon.issued.because.fact_id) == ("five_off", 4_711)
    assert message.request
    assert message.request.coupon_id == coupon.id
    assert message.request.parameters == {
        "coupon_code": coupon.issued.code,
        "coupon_threshold": "50",
        "coupon_value": "5",
        "name": "羽绒服",
    }
    assert message.request.expires_at == HALF_PAST + timedelta(days=1)


async def test_who_pays_meanwhile_gets_nothing(streams: Streams) -> None:
    """And the timer that fires later finds nothing to do."""
    campaign_id = await a_launched_campaign(streams)
    await tell(streams, campaign_id, ADDED)
    await tell(streams, campaign_id, PAID)
    assert await tell(streams, campaign_id, DUE, HALF_PAST) is None
    assert not (await streams.load(Coupon, coupon_id(campaign_id, "cart-5-off", CUSTOMER, 1))).exists


async def test_a_redelivered_timer_changes_nothing(streams: Streams) -> None:
    """Neither one after the other nor all at once."""
    campaign_id = await a_launched_campaign(streams, an_offer(per_customer=5))
    await tell(streams, campaign_id, ADDED)
    told = await asyncio.gather(*(tell(streams, campaign_id, DUE, HALF_PAST) for _ in range(5)), return_exceptions=True)
    assert all(one is None or isinstance(one, Saved | AlreadyDoneError) for one in told)
    assert sum(isinstance(one, Saved) for one in told) == 1
    assert await tell(streams, campaign_id, DUE, HALF_PAST) is None
    assert not (await streams.load(Coupon, coupon_id(campaign_id, "cart-5-off", CUSTOMER, 2))).exists


async def test_a_stimulus_decided_on_an_old_state_is_refused_by_the_log(streams: Streams) -> None:
    """The worker that was second decides anew."""
    campaign_id = await a_launched_campaign(streams)
    campaign, run = await streams.load(Campaign, campaign_id), await run_of(streams, campaign_id)
    await tell(streams, campaign_id, ADDED)
    command = AdvanceJourney(customer_id=CUSTOMER, stimulus=a_fact("Product Added", 9), now=NOON)
    with pytest.raises(StaleVersionError):
        await advance_journey(command, campaign=campaign, run=run, streams=streams, by=Context(actor="journeys"))


async def test_the_stock_is_never_oversold_by_a_rush(streams: Streams) -> None:
    """Twelve customers at once for five coupons; the others leave with the reason."""
    journey = copy.deepcopy(CART_JOURNEY)
    journey["nodes"]["carted"]["next"] = "five_off"
    del journey["nodes"]["half_an_hour"], journey["nodes"]["bought"]
    campaign_id = await a_launched_campaign(streams, an_offer(stock=5), journey=journey)
    customers = [uuid4() for _ in range(12)]
    await asyncio.gather(*(tell(streams, campaign_id, ADDED, customer_id=one) for one in customers))
    coupons = await streams.load_many(Coupon, (coupon_id(campaign_id, "cart-5-off", one, 1) for one in customers))
    campaign = await streams.load(Campaign, campaign_id)
    assert sum(coupon.exists for coupon in coupons.values()) == 5
    assert campaign.left_of("cart-5-off") == 0
    left = [await streams.history([run_id(campaign_id, one)]) for one in customers]
    reasons = [history[-1].reason for history in left if isinstance(history[-1], JourneyRun.Exited)]
    assert reasons == ["coupon_sold_out"] * 7


async def test_who_was_given_the_coupon_by_hand_is_not_given_another(streams: Streams) -> None:
    """The offer's limit counts coupons, not ways to get them."""
    campaign_id = await a_launched_campaign(streams)
    by_hand = IssueCoupon(
        campaign_id=campaign_id, offer_id="cart-5-off", customer_id=CUSTOMER, reason="apology", now=NOON
    )
    await tell(streams, campaign_id, ADDED)
    await issue_coupon(by_hand, streams=streams, by=OPERATOR)
    await tell(streams, campaign_id, DUE, HALF_PAST)
    run = await run_of(streams, campaign_id)
    last = (await streams.history([run.id]))[-1]
    assert isinstance(last, JourneyRun.Exited)
    assert last.reason == "coupon_limit_reached"


async def test_a_customer_keeps_the_version_that_was_entered(streams: Streams) -> None:
    """A new design is for those who come after its launch."""
    campaign_id = await a_launched_campaign(streams)
    await tell(streams, campaign_id, ADDED)
    silent: dict[str, Any] = {
        "nodes": {"carted": {"type": "trigger", "event": "Product Added", "next": None}},
    }
    design = DesignJourney(campaign_id=campaign_id, journey=silent)
    await design_journey(design, streams=streams, by=OPERATOR)
    await launch_campaign(LaunchCampaign(campaign_id=campaign_id), streams=streams, by=OPERATOR)
    newcomer = uuid4()
    await tell(streams, campaign_id, ADDED, customer_id=newcomer)
    await tell(streams, campaign_id, DUE, HALF_PAST)
    assert (await run_of(streams, campaign_id, newcomer)).state.version == 2
    assert (await run_of(streams, campaign_id)).state.version == 1
    assert (await streams.load(Coupon, coupon_id(campaign_id, "cart-5-off", CUSTOMER, 1))).exists


async def test_a_message_sent_days_after_the_coupon_still_names_it(streams: Streams) -> None:
    """And is not worth sending once the coupon has expired."""
    journey = copy.deepcopy(CART_JOURNEY)
    journey["nodes"]["five_off"]["next"] = "think"
    journey["nodes"]["think"] = {"type": "wait", "seconds": 6.5 * 86_400, "next": "tell"}
    campaign_id = await a_launched_campaign(streams, journey=journey)
    await tell(streams, campaign_id, ADDED)
    await tell(streams, campaign_id, DUE, HALF_PAST)
    late = HALF_PAST + timedelta(days=6.5)
    await tell(streams, campaign_id, TimerFired(node="think", visit=3), late)
    run = await run_of(streams, campaign_id)
    message = await streams.load(Message, message_id(run.id, "tell", 4))
    assert message.request
    assert message.request.parameters["coupon_value"] == "5"
    assert message.request.expires_at == HALF_PAST + timedelta(days=7)


async def test_a_paused_campaign_ends_the_walks_that_wake_in_it(streams: Streams) -> None:
    """Nobody gets a coupon of a campaign that was stopped."""
    campaign_id = await a_launched_campaign(streams)
    await tell(streams, campaign_id, ADDED)
    await pause_campaign(PauseCampaign(campaign_id=campaign_id), streams=streams, by=OPERATOR)
    await tell(streams, campaign_id, DUE, HALF_PAST)
    assert await tell(streams, campaign_id, ADDED, customer_id=uuid4()) is None
    last = (await streams.history([run_id(campaign_id, CUSTOMER)]))[-1]
    assert isinstance(last, JourneyRun.Exited)
    assert last.reason == "campaign_paused"


async def test_a_campaign_that_was_never_launched_concerns_nobody(streams: Streams) -> None:
    """There is no version to enter."""
    assert await tell(streams, uuid4(), ADDED) is None
