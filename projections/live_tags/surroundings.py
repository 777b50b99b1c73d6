"""What rules know beside a person, the weather where she is included."""

from datetime import datetime
from functools import partial

import msgspec

from domain.context.calendar import Calendar
from domain.context.circumstances import circumstances
from domain.context.regions import regions
from domain.kernel.rules.history import History
from domain.kernel.rules.world import REGION, World
from projections.engine.projection import Reading
from projections.weather.queries import WeatherRead, weather_of


async def world_around(reading: Reading, history: History, world: World, calendar: Calendar, at: datetime) -> World:
    """Return the world with the weather of the person's region on the day of an instant."""
    region = _region(history, at)
    weather = await _weather(reading, region, at, world) if region is not None else None
    around = partial(circumstances, calendar=calendar, zone=world.zone, weather=weather)
    return msgspec.structs.replace(world, circumstances=around)


def _region(history: History, at: datetime) -> str | None:
    said = [word.value for word in history.attributes.get(REGION, ()) if word.since <= at]
    return said[-1] if said and isinstance(said[-1], str) else None


async def _weather(reading: Reading, region: str, at: datetime, world: World) -> WeatherRead | None:
    day = at.astimezone(world.zone).date()
    path = [step.code for step in reversed(regions().path(region))]
    found = await weather_of(reading, path, day, day) if path else []
    return found[0] if found else None
