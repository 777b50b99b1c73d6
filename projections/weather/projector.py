"""weather: the last word of each source."""

from datetime import date

import asyncpg
import msgspec

from domain.context.weather import Observation, WeatherObserved
from projections.engine.page import Page
from projections.engine.projection import Projection
from projections.weather.table import tables

_TOPIC = WeatherObserved.TOPIC
_TELL = """
    INSERT INTO observation AS o
        (region, day, source, condition, temperature_high, temperature_low, precipitation_mm, is_forecast, position)
    SELECT * FROM unnest(
        $1::text[], $2::date[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::float8[], $8::boolean[],
        $9::bigint[])
    ON CONFLICT (region, day, source) DO UPDATE
    SET condition = excluded.condition, temperature_high = excluded.temperature_high,
        temperature_low = excluded.temperature_low, precipitation_mm = excluded.precipitation_mm,
        is_forecast = excluded.is_forecast, position = excluded.position
    WHERE excluded.position > o.position
"""


class _Told(msgspec.Struct):
    source: str
    observation: Observation


_decode = msgspec.json.Decoder(_Told).decode


async def apply(connection: asyncpg.Connection, page: Page) -> None:
    """Take a page."""
    rows: dict[tuple[str, date, str], tuple[object, ...]] = {}
    for entry in page.of(_TOPIC):
        told = _decode(entry.state)
        one = told.observation
        rows[one.region, one.date, told.source] = (
            one.region,
            one.date,
            told.source,
            one.condition,
            one.temperature_high,
            one.temperature_low,
            one.precipitation_mm,
            one.is_forecast,
            entry.position,
        )
    if rows:
        await connection.execute(_TELL, *map(list, zip(*rows.values(), strict=True)))


PROJECTION = Projection(name="weather", version=1, tables=tables, topics=frozenset({_TOPIC}), apply=apply)
