"""Members come and go at the exact instants, whenever the worker gets to it."""

from datetime import UTC, datetime, timedelta

from domain.kernel.rules.tree import Compare, Last, Measure
from tests.workers.segmenting.watched_shop import NOON, WatchedShop, bought, defined

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


async def test_a_buyer_enters_with_the_order_and_leaves_a_week_later_to_the_microsecond(shop: WatchedShop) -> None:
    """A member of "bought in the last 7 days" leaves at the instant, not at the next nightly run."""
    await shop.define(defined("buyers", bought()))
    await shop.happens(shop.did("M1", "order.completed", NOON))
    assert await shop.changes() == [("M1", "entered", timedelta())]
    await shop.move_to(NOON + WEEK - timedelta(microseconds=1))
    assert len(await shop.told()) == 1
    await shop.move_to(NOON + WEEK)
    assert await shop.changes() == [("M1", "entered", timedelta()), ("M1", "left", WEEK)]
    assert [one.reason for one in await shop.told()] == ["order.completed", "time_passed"]


async def test_who_buys_again_stays_and_leaves_after_the_last_order(shop: WatchedShop) -> None:
    """The first timer finds that there is a later order."""
    await shop.define(defined("buyers", bought()))
    await shop.happens(shop.did("M1", "order.completed", NOON))
    await shop.move_to(NOON + 3 * 24 * HOUR)
    await shop.happens(shop.did("M1", "order.completed"))
    await shop.move_to(NOON + WEEK)
    assert await shop.changes() == [("M1", "entered", timedelta())]
    await shop.move_to(NOON + 30 * 24 * HOUR)
    assert await shop.changes() == [("M1", "entered", timedelta()), ("M1", "left", 10 * 24 * HOUR)]


async def test_a_worker_that_was_down_catches_up_with_the_right_instants_in_the_right_order(shop: WatchedShop) -> None:
    """Three weeks of orders at once: every entering and leaving, as if it had been there."""
    await shop.define(defined("buyers", bought()))
    for day in (0, 10, 12):
        shop.now = NOON + day * 24 * HOUR
        await shop.happens(shop.did("M1", "order.completed"), settle=False)
    shop.now = NOON + 21 * 24 * HOUR
    await shop.restart()
    await shop.settle()
    days = [("entered", 0), ("left", 7), ("entered", 10), ("left", 19)]
    assert await shop.changes() == [("M1", name, day * 24 * HOUR) for name, day in days]


async def test_a_clock_that_is_put_back_does_no_harm(shop: WatchedShop) -> None:
    """What was told stays told, and nothing is told twice."""
    await shop.define(defined("buyers", bought()))
    await shop.happens(shop.did("M1", "order.completed", NOON))
    await shop.move_to(NOON + WEEK)
    await shop.move_to(NOON + HOUR)
    await shop.restart()
    await shop.settle()
    await shop.move_to(NOON + 2 * WEEK)
    assert await shop.changes() == [("M1", "entered", timedelta()), ("M1", "left", WEEK)]


async def test_what_is_yet_to_come_counts_when_it_comes(shop: WatchedShop) -> None:
    """A till whose clock is fast: the order is there once its time is."""
    await shop.define(defined("buyers", bought()))
    await shop.happens(shop.did("M1", "order.completed", NOON + HOUR))
    assert await shop.told() == []
    await shop.move_to(NOON + 2 * HOUR)
    assert await shop.changes() == [("M1", "entered", HOUR)]


async def test_months_that_end_and_clocks_that_change_are_counted_on_the_zones_clock(shop: WatchedShop) -> None:
    """A month after January 31st is over as March begins, where the shop is."""
    month = Compare(left=Measure(events=("order.completed",), within=Last(amount=1, unit="month")), op="gte", right=1)
    shop.now = datetime(2026, 1, 31, 4, tzinfo=UTC)
    await shop.define(defined("month", month))
    await shop.happens(shop.did("M1", "order.completed"))
    await shop.move_to(datetime(2026, 3, 2, tzinfo=UTC))
    assert [(one.name, one.at) for one in await shop.told()] == [
        ("entered", datetime(2026, 1, 31, 4, tzinfo=UTC)),
        ("left", datetime(2026, 2, 28, 16, tzinfo=UTC)),
    ]
