"""The weather of some days, everywhere: for asking of many people at once what the case is where they are."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from domain.context.calendar import Calendar
from domain.context.circumstances import circumstances
from domain.context.regions import regions
from projections.engine.projection import Reading
from projections.weather.queries import WeatherRead

# Of several sources that tell of one region and day the same counts as for one person (`queries.py`).
_ON: Final = """
    SELECT DISTINCT ON (region, day) region, day AS date, source, condition, temperature_high, temperature_low,
           precipitation_mm, is_forecast
    FROM weather.observation WHERE day = ANY($1) ORDER BY region, day, is_forecast, position DESC
"""


class Sky(msgspec.Struct, frozen=True):
    """The weather by region and day."""

    told: Mapping[tuple[str, date], WeatherRead]

    def over(self, region: str | None, day: date) -> WeatherRead | None:
        """Return the weather of the smallest region that it is told of, of those that the region lies in."""
        path = reversed(regions().path(region)) if region else ()
        return next((found for step in path if (found := self.told.get((step.code, day))) is not None), None)


async def sky_on(reading: Reading, days: Collection[date]) -> Sky:
    """Return the weather of these days."""
    rows = await reading.fetch(_ON, sorted(days))
    return Sky({(one.region, one.date): one for one in (WeatherRead(**dict(row)) for row in rows)})


def circumstances_under(
    sky: Sky, calendar: Calendar, zone: ZoneInfo
) -> Callable[[str | None, datetime], Mapping[str, Any]]:
    """Return what tells the circumstances of a region at an instant, its weather of that day included."""

    @cache
    def told(region: str | None, instant: datetime) -> Mapping[str, Any]:
        weather = sky.over(region, instant.astimezone(zone).date())
        return circumstances(region, instant, calendar=calendar, weather=weather, zone=zone)

    return told
