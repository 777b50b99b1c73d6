"""What rules know beside a person, the weather where she is included."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from domain.context.calendar import Calendar
from domain.context.circumstances import circumstances
from domain.context.regions import regions
from domain.kernel.rules.history import History
from domain.kernel.rules.world import REGION, World
from projections.engine.projection import Reading
from projections.weather.queries import WeatherRead, weather_of


async def world_around(reading: Reading, history: History, world: World, calendar: Calendar, at: datetime) -> World:
    """Return the world with the weather of the person's region on the day of an instant.

    A rule that looks at another day, or at where she was then, is told nothing of the weather: it was not read.
    """
    region, day = _region(history, at), at.astimezone(world.zone).date()
    weather = await _weather(reading, region, day) if region is not None else None

    def around(where: str | None, instant: datetime) -> Mapping[str, Any]:
        is_there = where == region and instant.astimezone(world.zone).date() == day
        told = weather if is_there else None
        return circumstances(where, instant, calendar=calendar, zone=world.zone, weather=told)

    return msgspec.structs.replace(world, circumstances=around)


def _region(history: History, at: datetime) -> str | None:
    said = [word.value for word in history.attributes.get(REGION, ()) if word.since <= at]
    return said[-1] if said and isinstance(said[-1], str) else None


async def _weather(reading: Reading, region: str, day: date) -> WeatherRead | None:
    path = [step.code for step in reversed(regions().path(region))]
    found = await weather_of(reading, path, day, day) if path else []
    return found[0] if found else None
