"""Of whom something was told since a position, and the weather of a day everywhere, from a real log."""

import asyncpg

from domain.context.calendar import Calendar
from domain.context.weather import Observation, WeatherObserved
from domain.kernel.ids import derived
from projections.batch.news import news_since
from projections.identity_graph.projector import PROJECTION as GRAPH
from projections.weather.projector import PROJECTION as WEATHER
from projections.weather.queries import weather_of
from projections.weather.sky import circumstances_under, sky_on
from tests.projections.batch.test_agreement import ZONES
from tests.projections.following import current
from tests.projections.log import NOON, Log, a_fact, customer_id


async def test_nobody_is_missed_of_whom_something_was_told(database: str, log: Log) -> None:
    """Facts however old, words, and identifiers: of who said nothing since, nothing is told."""
    for name in ("li", "wang", "zhao", "qian"):
        log.register(name)
    position = log.seal(a_fact("li"), a_fact("qian"))
    log.seal(a_fact("wang", at=NOON.replace(year=2020)))
    last = log.tag("zhao", "vip")
    await current(database, last, GRAPH)
    told = await news_since(database, position)
    assert {*told["customer_id"].to_pylist()} == {str(customer_id(name)) for name in ("wang", "zhao")}
    assert not (await news_since(database, last)).num_rows


async def test_the_weather_of_many_is_that_of_each(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Of the smallest region that it is told of; what was observed before what was foretold, for one as for all."""
    day = NOON.date()

    def told(region: str, condition: str, source: str, *, is_forecast: bool = False) -> int:
        seen = Observation(region=region, date=day, condition=condition, temperature_high=9.5, is_forecast=is_forecast)
        stream = derived("weather", region, source)
        return log.append((stream, WeatherObserved(source=source, observation=seen)))

    told("330000", "clear", "one")
    told("330100", "light_rain", "one")
    position = told("330100", "snow", "two", is_forecast=True)
    await current(database, position, WEATHER)
    around = circumstances_under(await sky_on(reading, [day]), Calendar(), ZONES[0])
    for region, path in (("330100", ["330100", "330000"]), ("330200", ["330200", "330000"])):
        (one,) = await weather_of(reading, path, day, day)
        assert around(region, NOON)["weather"] == one.condition
    assert around("330100", NOON)["weather"] == "light_rain"
    assert "weather" not in around(None, NOON)
