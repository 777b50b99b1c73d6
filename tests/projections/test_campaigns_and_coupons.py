"""campaign_overview and coupon_ledger: what is offered, and what became of the promises."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec

from domain.campaigns.campaign import Campaign
from domain.coupons.coupon import Coupon
from domain.journeys.run import JourneyRun
from domain.journeys.state import TriggerFact
from domain.kernel.ids import derived
from projections.campaign_overview import projector as campaign_overview
from projections.campaign_overview.queries import campaign, campaigns
from projections.coupon_ledger import projector as coupon_ledger
from projections.coupon_ledger.queries import coupon, coupons
from projections.engine.digest import digest
from projections.event_timeline import projector as event_timeline
from tests.builders import CAMPAIGN, NOON, campaign_created, coupon_issued, journey_designed, launched, offer_added
from tests.projections.following import built, current
from tests.projections.log import Log, customer_id

VIEWS = (campaign_overview.PROJECTION, coupon_ledger.PROJECTION, event_timeline.PROJECTION)
LI = customer_id("li")


def a_coupon(number: int) -> UUID:
    """Name a coupon."""
    return derived("a coupon", number)


def _history(log: Log) -> int:
    """A campaign with a limited offer, ten walks, ten coupons, of which three were settled in three ways."""
    log.append((CAMPAIGN, campaign_created()), (CAMPAIGN, offer_added(stock=12)), (CAMPAIGN, journey_designed()))
    log.append((CAMPAIGN, launched()))
    for number in range(10):
        trigger = TriggerFact(fact_id=number, name="cart.item_added", occurred_at=NOON, customer_id=LI)
        entered = JourneyRun.Entered(campaign_id=CAMPAIGN, journey_version=1, customer_id=LI, trigger=trigger)
        reserved = Campaign.OfferReserved(offer_id="cart-5-off", coupon_id=a_coupon(number), customer_id=LI)
        issued = coupon_issued(customer_id=LI, campaign_id=CAMPAIGN, code=f"CODE{number}")
        log.append((derived("run", number), entered), (CAMPAIGN, reserved), (a_coupon(number), issued))
    log.append((a_coupon(0), Coupon.Redeemed(order_ref="T-1", amount=9_900)), (a_coupon(1), Coupon.Expired()))
    return log.append((a_coupon(2), Coupon.Voided(reason="a mistake")), (CAMPAIGN, Campaign.Paused()))


async def test_an_overview_counts_entries_and_what_is_left(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """The same as the campaign itself would say."""
    await current(database, _history(log), *VIEWS)
    found = await campaign(reading, CAMPAIGN, NOON)
    assert found
    assert (found.standing, found.live_version, found.journey_versions, found.entered) == ("paused", 1, 1, 10)
    assert (found.offers[0].stock, found.offers[0].left) == (12, 2)
    assert found.version == 15
    assert await campaigns(reading, NOON) == [found]
    assert await campaigns(reading, NOON, before=found.position) == []
    assert await campaign(reading, LI, NOON) is None


async def test_an_offer_for_certain_goods_shows_them(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A coupon of the history was good for its products only."""
    bound = msgspec.structs.replace(offer_added(), product_ids=("1005771", "993838"))
    await current(database, log.append((CAMPAIGN, campaign_created()), (CAMPAIGN, bound)), *VIEWS)
    found = await campaign(reading, CAMPAIGN, NOON)
    assert found
    assert [one.product_ids for one in found.offers] == [["1005771", "993838"]]


async def test_a_standing_follows_the_calendar(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A launched campaign waits for its beginning and ends by itself."""
    created = campaign_created(starts_at=NOON, ends_at=NOON + timedelta(days=1))
    await current(database, log.append((CAMPAIGN, created), (CAMPAIGN, journey_designed())), *VIEWS)
    assert [one.standing for one in await campaigns(reading, NOON)] == ["draft"]
    await current(database, log.append((CAMPAIGN, launched())), *VIEWS)
    standings = []
    for hours in (-1, 0, 24):
        found = await campaign(reading, CAMPAIGN, NOON + timedelta(hours=hours))
        standings.append(found.standing if found else None)
    assert standings == ["scheduled", "live", "ended"]


async def test_the_ledger_shows_what_became_of_each_coupon(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Redeemed, expired, withdrawn or still good; found by customer, campaign and code, the newest first."""
    await current(database, _history(log), *VIEWS)
    found = [await coupon(reading, a_coupon(number)) for number in range(4)]
    assert [one.status if one else None for one in found] == ["redeemed", "expired", "voided", "issued"]
    assert found[0]
    assert (found[0].order_ref, found[0].amount, found[0].version) == ("T-1", 9_900, 2)
    of_li = await coupons(reading, customers=[LI], campaign_id=CAMPAIGN, limit=4)
    assert [one.id for one in of_li] == [a_coupon(number) for number in (9, 8, 7, 6)]
    rest = await coupons(reading, before=of_li[-1].position)
    assert [one.id for one in rest] == [a_coupon(number) for number in (5, 4, 3, 2, 1, 0)]
    assert [one.id for one in await coupons(reading, code="CODE3")] == [a_coupon(3)]
    assert await coupons(reading, customers=[customer_id("wang")]) == []


async def test_pages_of_any_size_come_to_the_same_campaigns_and_coupons(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """One event at a time or all at once."""
    await current(database, _history(log), *VIEWS)
    for view in VIEWS:
        live = await digest(reading, view, view.name)
        for events in (1, 4, 1_000):
            async with built(database, view, purpose="pages", events=events) as copy:
                assert await digest(reading, view, copy.name) == live
