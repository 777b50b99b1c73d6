"""Read the weather: of several sources the one that observed goes before one that foretold, then the later word."""

from collections.abc import Sequence
from datetime import date

import msgspec

from projections.engine.projection import Reading

_AT = """
    SELECT DISTINCT ON (day) region, day AS date, source, condition, temperature_high, temperature_low,
           precipitation_mm, is_forecast
    FROM weather.observation WHERE region = ANY($1) AND day BETWEEN $2 AND $3
    ORDER BY day, array_position($1, region), is_forecast, position DESC
"""


class WeatherRead(msgspec.Struct, frozen=True, kw_only=True):
    """The weather of a day; `region` is the one it was told of, which may hold the one that was asked for."""

    region: str
    date: date
    source: str
    condition: str
    temperature_high: float | None
    temperature_low: float | None
    precipitation_mm: float | None
    is_forecast: bool


async def weather_of(reading: Reading, regions: Sequence[str], first: date, last: date) -> list[WeatherRead]:
    """Return the weather of each day that is known, of the first of the regions (smallest first) that has it."""
    return [WeatherRead(**dict(row)) for row in await reading.fetch(_AT, list(regions), first, last)]
