"""What happened to a customer, in order."""

from datetime import timedelta

import asyncpg
import pytest

from domain.campaigns.campaign import Campaign
from domain.coupons.coupon import Coupon
from domain.identity.customer import Customer
from domain.kernel.ids import derived
from projections.event_timeline import queries
from projections.event_timeline.projector import PROJECTION
from tests.builders import CAMPAIGN, campaign_created, coupon_issued, offer_added
from tests.projections.following import current
from tests.projections.log import NOON, Log, a_fact, an_order, customer_id

LI, WANG = customer_id("li"), customer_id("wang")


def _named(item: queries.Decision | queries.Fact) -> str:
    return item.topic if isinstance(item, queries.Decision) else item.name


async def test_decisions_and_facts_come_as_one_list_by_the_time_they_happened(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """A fact that arrives late is listed where it belongs."""
    log.now = NOON
    log.register("li")
    log.seal(an_order("li", 100, at=NOON + timedelta(minutes=2)), a_fact("wang", at=NOON))
    log.seal(a_fact("li", "cart.added", at=NOON - timedelta(days=3)))
    position = log.consent("li", at=NOON + timedelta(minutes=1))
    await current(database, position, PROJECTION)

    found = await queries.timeline(reading, [LI])

    assert [_named(item) for item in found.items] == [
        "order.completed",
        "customer.consent_changed.v3",
        "customer.registered.v1",
        "cart.added",
    ]
    assert found.next is None
    consent = found.items[1]
    assert isinstance(consent, queries.Decision)
    assert (consent.summary["channel"], consent.summary["state"]) == ("email", "granted")


async def test_a_summary_holds_nothing_personal(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Neither sealed nor clear: objects, where personal values are kept, are left out."""
    log.register("li")
    await current(database, log.describe("li", personal={"name": "李"}, city="Shanghai"), PROJECTION)

    rows = await reading.fetch("SELECT topic, summary FROM event_timeline.decision ORDER BY position")

    assert [row["summary"] for row in rows] == ['{"named_by":"member_code"}', "{}"]


async def test_what_becomes_of_a_coupon_is_listed_under_the_customer_it_was_issued_to(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Only the first event of the coupon's stream names the customer, in a page of its own or not."""
    coupon = derived("coupon", 1)
    await current(database, log.append((coupon, coupon_issued(customer_id=LI))), PROJECTION)
    log.append((coupon, Coupon.Redeemed(order_ref="POS-1", amount=5_000)))
    other = derived("coupon", 2)
    position = log.append((other, coupon_issued(customer_id=LI)), (other, Coupon.Expired()))
    await current(database, position, PROJECTION)

    found = await queries.timeline(reading, [LI], newest_first=False)

    assert [_named(item) for item in found.items] == [
        "coupon.issued.v1",
        "coupon.redeemed.v1",
        "coupon.issued.v1",
        "coupon.expired.v1",
    ]


async def test_a_campaigns_own_events_concern_nobody_but_who_is_named(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """An offer reserved for her is hers; what was decided about the campaign before and after is not."""
    reserved = Campaign.OfferReserved(offer_id="cart-5-off", coupon_id=derived("coupon", 1), customer_id=LI)
    log.append((CAMPAIGN, campaign_created()), (CAMPAIGN, offer_added(stock=12)), (CAMPAIGN, reserved))
    await current(database, log.append((CAMPAIGN, Campaign.Paused())), PROJECTION)

    found = await queries.timeline(reading, [LI])

    assert [_named(item) for item in found.items] == ["campaign.offer_reserved.v1"]


@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_long_timeline_is_read_in_pages_without_gap_or_repeat(
    database: str, log: Log, reading: asyncpg.Connection, *, newest_first: bool
) -> None:
    """Also where many things happened at one instant, to two members of a profile, and both are told of their merge."""
    for number in range(12):
        log.consent("li", at=NOON + timedelta(seconds=number // 4))
        log.seal(*(a_fact(who, at=NOON + timedelta(seconds=number // 4)) for who in ("li", "wang", "li")))
    position = log.append((LI, Customer.Merged(other_id=WANG, reason="same")))
    await current(database, position, PROJECTION)
    every = await queries.timeline(reading, [LI, WANG], limit=200, newest_first=newest_first)

    found: list[queries.Decision | queries.Fact] = []
    beyond = None
    while True:
        page = await queries.timeline(reading, [LI, WANG], beyond=beyond, limit=5, newest_first=newest_first)
        found += page.items
        beyond = page.next
        if beyond is None:
            break

    assert len(found) == 12 + 36 + 1
    assert found == every.items
    assert every.next is None
    times = [item.occurred_at for item in found]
    assert times == sorted(times, reverse=newest_first)
