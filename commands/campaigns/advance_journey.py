"""Advance a journey: what follows for one customer from a fact or a timer, all of it in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from commands.campaigns import designs
from commands.campaigns.enacting import Enactment
from commands.campaigns.parameters import kept
from commands.coupons.granting import open_coupons
from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.channels import template
from domain.coupons.coupon import Coupon
from domain.journeys.deciding import decide
from domain.journeys.decisions import Decision, GiveCoupon, RequestMessage
from domain.journeys.run import JourneyRun
from domain.journeys.stimuli import Circumstances, FactHappened, Left, Stimulus
from domain.kernel.ids import derived


class AdvanceJourney(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the run of `customer_id` (the profile) what happened; `now` is when it is told (UTC)."""

    customer_id: UUID
    stimulus: Stimulus
    now: datetime


def advance_id(run_id: UUID, stimulus: Stimulus) -> UUID:
    """Name the command a stimulus leads to: a redelivered stimulus leads to the same command."""
    if isinstance(stimulus, FactHappened):
        return derived("advance", run_id, "fact", stimulus.fact_id)
    return derived("advance", run_id, "timer", stimulus.node, stimulus.visit)


async def advance_journey(
    command: AdvanceJourney, *, campaign: Campaign, run: JourneyRun, streams: Streams, by: Context
) -> Saved | None:
    """Decide and save run, coupons, reservations and messages together; None if nothing follows.

    `campaign` is only read and may be shared between calls. Raises `StaleVersionError` if another stimulus or another
    customer's reservation was first (load anew and repeat), `AlreadyDoneError` if this one was dealt with before.
    """
    version = run.state.version if run.state.waiting else campaign.live_version
    if version is None:
        return None
    planned = await _plan(command, campaign, run, version, streams)
    if not planned.decisions:
        return None
    enactment = Enactment(
        run,
        planned.campaign,
        customer_id=command.customer_id,
        templates=planned.templates,
        coupons=planned.coupons,
        earlier=await _earlier_coupon(planned.decisions, run, streams),
        now=command.now,
    )
    enactment.enact(planned.decisions, version)
    return await streams.save(*enactment.touched, by=by)


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    decisions: tuple[Decision, ...]
    campaign: Campaign
    templates: template.Templates
    coupons: dict[str, list[Coupon]]


async def _plan(command: AdvanceJourney, campaign: Campaign, run: JourneyRun, version: int, streams: Streams) -> _Plan:
    """Decide as if nothing were limited, look up the limits of the coupons that this would give, and decide again."""
    if version not in campaign.designs:  # the caller's is older than the run
        campaign = await streams.load(Campaign, campaign.id)
    journey, templates = designs.read(campaign, version)
    circumstances: dict[str, Any] = {"standing": campaign.standing(command.now), "keep": kept(templates)}
    coupons: dict[str, list[Coupon]] = {}
    left: dict[str, Left] = {}
    while True:
        decisions = decide(journey, run.state, command.stimulus, command.now, Circumstances(**circumstances, left=left))
        asked = {decision.offer_id for decision in decisions if isinstance(decision, GiveCoupon)} - left.keys()
        if not asked:
            return _Plan(decisions=decisions, campaign=campaign, templates=templates, coupons=coupons)
        if any(campaign.offer(offer_id).stock is not None for offer_id in asked):
            # Fresh, and ours alone: reservations are recorded on it.
            campaign = await streams.load(Campaign, campaign.id)
        for offer_id in sorted(asked):
            offer = campaign.offer(offer_id)
            coupons[offer_id] = await open_coupons(streams, campaign.id, offer, command.customer_id)
            left[offer_id] = _left(len(coupons[offer_id]), campaign.left_of(offer_id))


def _left(for_customer: int, in_stock: int | None) -> Left:
    if in_stock is not None and in_stock < for_customer:
        return Left(in_stock, "sold_out")
    return Left(for_customer, "limit_reached")


async def _earlier_coupon(decisions: tuple[Decision, ...], run: JourneyRun, streams: Streams) -> Coupon | None:
    is_needed = any(isinstance(decision, RequestMessage) for decision in decisions)
    return await streams.load(Coupon, run.state.coupon_id) if is_needed and run.state.coupon_id else None
