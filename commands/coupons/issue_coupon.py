"""Issue a coupon by hand: a person or a system decides that a customer gets one of a campaign's offers."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from commands.coupons.granting import new_code, open_coupons, terms_of
from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.campaigns.errors import CampaignNotFoundError, NotLiveError
from domain.coupons.coupon import Because
from domain.kernel.errors import DomainError


class LimitReachedError(DomainError):
    """The customer has all coupons of the offer that one person may get."""

    code: ClassVar[str] = "coupon.limit_reached"


class IssueCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """Give `customer_id` (the profile) the next coupon of the offer; `reason` is what an auditor reads."""

    campaign_id: UUID
    offer_id: str
    customer_id: UUID
    reason: str
    now: datetime


async def issue_coupon(command: IssueCoupon, *, streams: Streams, by: Context) -> Saved:
    """Issue it; raises `NotLiveError`, `OfferNotFoundError`, `LimitReachedError` or `SoldOutError`."""
    campaign = await _live_campaign(streams, command.campaign_id, command.now)
    offer = campaign.offer(command.offer_id)
    coupons = await open_coupons(streams, campaign.id, offer, command.customer_id)
    if not coupons:
        raise LimitReachedError(f"the customer has had all {offer.per_customer} coupons of this offer")
    coupon, code = coupons[0], new_code()
    terms = terms_of(offer, campaign.id, command.customer_id)
    campaign.reserve(offer.offer_id, coupon_id=coupon.id, customer_id=command.customer_id)
    coupon.issue(terms, code=code, because=Because(reason=command.reason), now=command.now)
    return await streams.save(
        coupon, campaign, by=by, result={"id": coupon.id, "version": coupon.version, "code": code}
    )


async def _live_campaign(streams: Streams, campaign_id: UUID, now: datetime) -> Campaign:
    campaign = await streams.load(Campaign, campaign_id)
    if not campaign.exists:
        raise CampaignNotFoundError("there is no campaign with this id", field="campaign_id")
    standing = campaign.standing(now)
    if standing != "live":
        raise NotLiveError(f"the campaign gives no coupons away: it is {standing}, not live")
    return campaign
