"""Segments that ask for the weather: who enters and leaves as it changes where she is."""

from datetime import datetime, timedelta

from commands.context.record_weather import record_weather
from commands.runtime.context import Context
from domain.context.weather import Observation
from domain.kernel.rules.tree import All, Compare
from domain.kernel.rules.tree import Context as Circumstance
from tests.workers.segmenting.watched_shop import NOON, WatchedShop, bought, defined

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RAIN = Compare(left=Circumstance(name="weather"), op="in", right=("light_rain", "heavy_rain"))
HANGZHOU, NINGBO = "330100", "330200"


async def _tell(shop: WatchedShop, region: str, condition: str, *, day: datetime, is_forecast: bool = False) -> None:
    zone = shop.settings.zone
    one = Observation(region=region, date=day.astimezone(zone).date(), condition=condition, is_forecast=is_forecast)
    await record_weather(shop.store, "feed", [one], by=Context(actor="feed", occurred_at=shop.now))
    await shop.settle()


async def test_who_is_rained_on_enters_when_it_is_told_and_leaves_when_the_day_is_over(shop: WatchedShop) -> None:
    """Only where it rains, only those who fulfil the rest; what was foretold begins with its day."""
    await shop.define(defined("wet", All(of=(RAIN, bought(days=30)))), defined("any", bought(days=30)))
    for member, region in (("M1", HANGZHOU), ("M2", NINGBO), ("M3", HANGZHOU)):
        await shop.happens(shop.did(member, "customer.identified", traits={"region": region}))
        if member != "M3":
            await shop.happens(shop.did(member, "order.completed"))
    await shop.move_to(NOON + HOUR)
    await _tell(shop, HANGZHOU, "light_rain", day=shop.now)
    await _tell(shop, NINGBO, "heavy_rain", day=shop.now + DAY, is_forecast=True)
    await shop.move_to(NOON + 3 * DAY)
    midnight = (NOON + DAY).astimezone(shop.settings.zone).replace(hour=0) - NOON
    told = [(one.member, one.name, one.at - NOON) for one in await shop.told() if one.segment == "wet"]
    assert sorted(told) == [
        ("M1", "entered", HOUR),
        ("M1", "left", midnight),
        ("M2", "entered", midnight),
        ("M2", "left", midnight + DAY),
    ]


async def test_a_feed_that_thinks_again_and_a_worker_that_was_killed(shop: WatchedShop) -> None:
    """The rain did not come after all: she leaves when that is told, also to a worker that began anew since."""
    await shop.define(defined("wet", RAIN))
    await shop.happens(shop.did("M1", "customer.identified", traits={"region": HANGZHOU}))
    await _tell(shop, HANGZHOU, "light_rain", day=shop.now)
    assert shop.members("wet") == 1
    await shop.restart()
    shop.now = NOON + HOUR
    await _tell(shop, HANGZHOU, "sunny", day=shop.now)
    await _tell(shop, HANGZHOU, "sunny", day=shop.now)
    assert await shop.changes() == [("M1", "entered", timedelta()), ("M1", "left", HOUR)]
