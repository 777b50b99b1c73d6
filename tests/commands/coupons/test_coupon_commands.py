"""Coupons by command: issued within limits, redeemed once."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from commands.campaigns.launching import PauseCampaign, pause_campaign
from commands.coupons.granting import new_code
from commands.coupons.issue_coupon import IssueCoupon, LimitReachedError, issue_coupon
from commands.coupons.redeem_coupon import RedeemCoupon, VoidCoupon, redeem_coupon, void_coupon
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.campaigns.errors import CampaignNotFoundError, NotLiveError, OfferNotFoundError, SoldOutError
from domain.coupons.coupon import ALPHABET, AlreadyRedeemedError, Coupon, CouponNotFoundError, coupon_id
from domain.kernel.errors import KoiError, StaleVersionError
from tests.builders import CUSTOMER, NOON, an_offer
from tests.commands.launched import OPERATOR, a_launched_campaign


def to(customer_id: UUID, campaign_id: UUID, **parts: str) -> IssueCoupon:
    """A coupon of the cart offer for this customer."""
    asked = IssueCoupon(
        campaign_id=campaign_id, offer_id="cart-5-off", customer_id=customer_id, reason="apology", now=NOON
    )
    return msgspec.structs.replace(asked, **parts)


async def test_an_issued_coupon_says_what_it_is_worth_and_why(streams: Streams) -> None:
    """Its id follows from the promise, its code from nothing."""
    campaign_id = await a_launched_campaign(streams)
    await issue_coupon(to(CUSTOMER, campaign_id), streams=streams, by=OPERATOR)
    coupon = await streams.load(Coupon, coupon_id(campaign_id, "cart-5-off", CUSTOMER, 1))
    assert coupon.issued
    assert (coupon.issued.value, coupon.issued.threshold, coupon.issued.currency) == (500, 5_000, "CNY")
    assert coupon.issued.expires_at == NOON + timedelta(days=7)
    assert coupon.issued.because.reason == "apology"
    assert len(coupon.issued.code) == 12


async def test_a_customer_gets_as_many_coupons_as_the_offer_allows(streams: Streams) -> None:
    """And no more, whoever asks."""
    campaign_id = await a_launched_campaign(streams, an_offer(per_customer=2))
    await issue_coupon(to(CUSTOMER, campaign_id), streams=streams, by=OPERATOR)
    await issue_coupon(to(CUSTOMER, campaign_id), streams=streams, by=OPERATOR)
    with pytest.raises(LimitReachedError):
        await issue_coupon(to(CUSTOMER, campaign_id), streams=streams, by=OPERATOR)
    await issue_coupon(to(uuid4(), campaign_id), streams=streams, by=OPERATOR)


async def test_no_more_coupons_are_given_than_are_in_stock(streams: Streams) -> None:
    """Ten customers at once for three coupons."""
    campaign_id = await a_launched_campaign(streams, an_offer(stock=3))

    async def insistent(customer_id: UUID) -> bool:
        while True:
            try:
                await issue_coupon(to(customer_id, campaign_id), streams=streams, by=OPERATOR)
            except StaleVersionError:
                continue
            except SoldOutError:
                return False
            return True

    got = await asyncio.gather(*(insistent(uuid4()) for _ in range(10)))
    assert sum(got) == 3
    assert (await streams.load(Campaign, campaign_id)).left_of("cart-5-off") == 0


async def test_a_campaign_that_is_not_live_gives_no_coupons_away(streams: Streams) -> None:
    """Nor does one that does not exist, or an offer it does not have."""
    campaign_id = await a_launched_campaign(streams)
    with pytest.raises(OfferNotFoundError):
        await issue_coupon(to(CUSTOMER, campaign_id, offer_id="half-price"), streams=streams, by=OPERATOR)
    with pytest.raises(CampaignNotFoundError):
        await issue_coupon(to(CUSTOMER, uuid4()), streams=streams, by=OPERATOR)
    await pause_campaign(PauseCampaign(campaign_id=campaign_id), streams=streams, by=OPERATOR)
    with pytest.raises(NotLiveError, match="paused"):
        await issue_coupon(to(CUSTOMER, campaign_id), streams=streams, by=OPERATOR)


async def test_of_two_tills_that_redeem_at_once_one_gets_it(streams: Streams) -> None:
    """The coupon is good for one order."""
    campaign_id = await a_launched_campaign(streams)
    await issue_coupon(to(CUSTOMER, campaign_id), streams=streams, by=OPERATOR)
    coupon = coupon_id(campaign_id, "cart-5-off", CUSTOMER, 1)
    orders = [
        RedeemCoupon(coupon_id=coupon, order_ref=f"T{n}", amount=9_900, currency="cny", now=NOON) for n in range(2)
    ]
    outcomes = await asyncio.gather(
        *(redeem_coupon(order, streams=streams, by=OPERATOR) for order in orders), return_exceptions=True
    )
    refusals = [outcome for outcome in outcomes if isinstance(outcome, KoiError)]
    assert len(refusals) == 1
    with pytest.raises(AlreadyRedeemedError):
        await redeem_coupon(orders[0], streams=streams, by=OPERATOR)


async def test_a_withdrawn_coupon_is_not_redeemed_and_an_unknown_one_does_not_exist(streams: Streams) -> None:
    """On the version that the operator has seen."""
    campaign_id = await a_launched_campaign(streams)
    await issue_coupon(to(CUSTOMER, campaign_id), streams=streams, by=OPERATOR)
    coupon = coupon_id(campaign_id, "cart-5-off", CUSTOMER, 1)
    void = VoidCoupon(coupon_id=coupon, reason="fraud", expected_version=7)
    with pytest.raises(StaleVersionError):
        await void_coupon(void, streams=streams, by=OPERATOR)
    await void_coupon(VoidCoupon(coupon_id=coupon, reason="fraud", expected_version=1), streams=streams, by=OPERATOR)
    assert (await streams.load(Coupon, coupon)).status == "voided"
    with pytest.raises(CouponNotFoundError):
        await void_coupon(VoidCoupon(coupon_id=uuid4(), reason="fraud"), streams=streams, by=OPERATOR)


def test_codes_are_readable_aloud_and_never_the_same() -> None:
    """No letter looks or sounds like a digit."""
    codes = {new_code() for _ in range(1_000)}
    assert len(codes) == 1_000
    assert set("".join(codes)) <= set(ALPHABET)
    assert not set("01IOL") & set(ALPHABET)
