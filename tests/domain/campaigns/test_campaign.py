"""What a campaign promises, and what it refuses."""

from datetime import timedelta

import pytest

from domain.campaigns import errors
from domain.campaigns.campaign import Campaign
from domain.campaigns.offer import OfferTermsError
from domain.kernel.money import MoneyError
from tests.builders import (
    CART_JOURNEY,
    COUPON,
    CUSTOMER,
    NOON,
    TEMPLATES,
    an_offer,
    campaign_created,
    journey_designed,
    launched,
    offer_added,
)
from tests.spec import STREAM, given

A_LIVE_CAMPAIGN = (campaign_created(), offer_added(), journey_designed(), launched())


def reserve(campaign: Campaign) -> None:
    """Take one coupon from the stock."""
    campaign.reserve("cart-5-off", coupon_id=COUPON, customer_id=CUSTOMER)


def test_a_campaign_is_created_with_a_name_and_a_currency() -> None:
    """Names are trimmed and currencies written in capitals, so that two spellings are one."""
    given(Campaign).when(lambda c: c.create(name=" 双十二 ", currency="cny")).then(
        Campaign.Created(name="双十二", currency="CNY")
    )


def test_a_campaign_is_created_once() -> None:
    """Creating again would forget what was promised."""
    given(Campaign, campaign_created()).when(lambda c: c.create(name="双十二", currency="CNY")).then_raises(
        errors.CampaignExistsError
    )


def test_a_campaign_without_a_name_or_with_impossible_dates_is_refused() -> None:
    """The error names the field at fault."""
    nameless = given(Campaign).when(lambda c: c.create(name=" ", currency="CNY"))
    assert nameless.then_raises(errors.CampaignTermsError).field == "name"
    backwards = given(Campaign).when(lambda c: c.create(name="双十二", currency="CNY", starts_at=NOON, ends_at=NOON))
    assert backwards.then_raises(errors.CampaignTermsError).field == "ends_at"
    zoneless = given(Campaign).when(
        lambda c: c.create(name="双十二", currency="CNY", starts_at=NOON.replace(tzinfo=None))
    )
    assert zoneless.then_raises(errors.CampaignTermsError).field == "starts_at"
    given(Campaign).when(lambda c: c.create(name="双十二", currency="yuan")).then_raises(MoneyError)


def test_an_offer_is_added_with_all_its_terms() -> None:
    """The event repeats the terms, so that a coupon can be explained from it alone."""
    given(Campaign, campaign_created()).when(lambda c: c.add_offer(an_offer(stock=100))).then(offer_added(stock=100))


def test_the_terms_of_an_offer_are_promised_and_cannot_be_replaced() -> None:
    """Another offer takes another id."""
    given(Campaign, campaign_created(), offer_added()).when(lambda c: c.add_offer(an_offer(value=900))).then_raises(
        errors.OfferExistsError
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offer_id", " "),
        ("value", 0),
        ("threshold", -1),
        ("threshold", 499),
        ("valid_seconds", 0),
        ("stock", 0),
        ("per_customer", 0),
        ("per_customer", 101),
        ("product_ids", ()),
        ("currency", "USD"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused_by_name(field: str, value: object) -> None:
    """A threshold below the value would give the goods away."""
    offer = an_offer(**{field: value})
    refused = given(Campaign, campaign_created()).when(lambda c: c.add_offer(offer)).then_raises(OfferTermsError)
    assert refused.field == field


def test_every_design_is_a_new_version() -> None:
    """Customers in the middle of a journey keep the version that they entered."""
    given(Campaign, *A_LIVE_CAMPAIGN).when(lambda c: c.design(CART_JOURNEY, TEMPLATES)).then(
        journey_designed(2)
    ).then_answers(2)


def test_a_new_design_is_not_live_before_a_launch() -> None:
    """Designing must not change what happens to customers."""
    campaign = Campaign.rebuilt(STREAM, (*A_LIVE_CAMPAIGN, journey_designed(2)))
    assert campaign.live_version == 1
    assert set(campaign.designs) == {1, 2}


def test_launching_makes_the_latest_design_live() -> None:
    """One version at a time lets customers enter."""
    given(Campaign, *A_LIVE_CAMPAIGN, journey_designed(2)).when(Campaign.launch).then(launched(2))


def test_a_campaign_without_a_journey_cannot_be_launched() -> None:
    """There would be nothing to enter."""
    given(Campaign, campaign_created()).when(Campaign.launch).then_raises(errors.NothingToLaunchError)


def test_a_live_version_cannot_be_launched_again() -> None:
    """A second click does nothing, and says so."""
    given(Campaign, *A_LIVE_CAMPAIGN).when(Campaign.launch).then_raises(errors.AlreadyLaunchedError)


def test_a_paused_campaign_is_resumed_by_launching_it() -> None:
    """The version that was live is live again."""
    given(Campaign, *A_LIVE_CAMPAIGN, Campaign.Paused()).when(Campaign.launch).then(launched())


def test_only_a_live_campaign_can_be_paused() -> None:
    """Pausing twice says that there is nothing to pause."""
    given(Campaign, *A_LIVE_CAMPAIGN).when(Campaign.pause).then(Campaign.Paused())
    given(Campaign, *A_LIVE_CAMPAIGN, Campaign.Paused()).when(Campaign.pause).then_raises(errors.NotLiveError)
    given(Campaign, campaign_created()).when(Campaign.pause).then_raises(errors.NotLiveError)


def test_nothing_can_be_asked_of_a_campaign_that_does_not_exist() -> None:
    """A typing error in an id must not begin a campaign."""
    for action in (Campaign.launch, Campaign.pause, lambda c: c.design({}, {}), lambda c: c.add_offer(an_offer())):
        given(Campaign).when(action).then_raises(errors.CampaignNotFoundError)


def test_stock_is_taken_coupon_by_coupon_until_none_is_left() -> None:
    """A promise of a hundred coupons is not kept a hundred and one times."""
    taken = Campaign.OfferReserved(offer_id="cart-5-off", coupon_id=COUPON, customer_id=CUSTOMER)
    campaign = (campaign_created(), offer_added(stock=2))
    given(Campaign, *campaign, taken).when(reserve).then(taken)
    given(Campaign, *campaign, taken, taken).when(reserve).then_raises(errors.SoldOutError)


def test_an_offer_without_stock_needs_no_reservation() -> None:
    """So that issuing it never waits for other customers."""
    given(Campaign, campaign_created(), offer_added()).when(reserve).then_nothing()


def test_an_unknown_offer_is_answered_with_the_known_ones() -> None:
    """The operator sees the spelling at once."""
    refused = given(Campaign, campaign_created()).when(reserve).then_raises(errors.OfferNotFoundError)
    assert "none" in refused.detail


def test_a_campaign_stands_by_its_launch_its_pause_and_its_dates() -> None:
    """What `standing` says decides whether anyone may enter."""
    dated = campaign_created(starts_at=NOON, ends_at=NOON + timedelta(days=1))
    assert Campaign.rebuilt(STREAM, (dated, journey_designed())).standing(NOON) == "draft"
    live = Campaign.rebuilt(STREAM, (dated, journey_designed(), launched()))
    assert live.standing(NOON - timedelta(seconds=1)) == "scheduled"
    assert live.standing(NOON) == "live"
    assert live.standing(NOON + timedelta(days=1)) == "ended"
    live.record(Campaign.Paused)
    assert live.standing(NOON) == "paused"
