"""What a page says of everybody at once: a model has spoken, a list was filled, the weather is another.

Then everybody is judged anew.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.context.weather import WeatherObserved
from domain.scoring.model import Model, model_stream
from domain.segments.segment import Segment, segment_stream
from projections.engine.page import Page
from workers.segmenting.watching import Watch

_MODELS: Final = (Model.Scored.TOPIC, Model.Promoted.TOPIC, Model.Retired.TOPIC)
_LISTS: Final = (Segment.Listed.TOPIC,)
WEATHER: Final = WeatherObserved.TOPIC


class Anew(NamedTuple):
    """Segments that everybody is judged anew for, by what is so since an instant."""

    keys: frozenset[str]
    at: datetime


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Said(msgspec.Struct):
    meta: _Meta
    at: datetime | None = None


class _Observed(msgspec.Struct):
    date: date


class _Weather(msgspec.Struct):
    meta: _Meta
    observation: _Observed


_decode = msgspec.json.Decoder(_Said).decode
_weather = msgspec.json.Decoder(_Weather).decode


def said_of_everybody(page: Page, watch: Watch) -> Iterator[Anew]:
    """Yield what the page says of everybody that any segment asks for."""
    yield from _concerned(page, _MODELS, {model_stream(key): watch.of_model(key) for key in watch.models})
    yield from _concerned(page, _LISTS, {segment_stream(key): watch.of_list(key) for key in watch.lists})
    if watch.of_weather and (told := _weather_of_its_day(page, watch.zone)):
        yield Anew(watch.of_weather, told)


def _concerned(page: Page, topics: tuple[str, ...], keys: Mapping[UUID, frozenset[str]]) -> Iterator[Anew]:
    for entry in page.of(*topics) if keys else ():
        if entry.stream_id in keys:
            said = _decode(entry.state)
            yield Anew(keys[entry.stream_id], said.at or said.meta.occurred_at)


def _weather_of_its_day(page: Page, zone: ZoneInfo) -> datetime | None:
    """Return when the weather of that very day was told last; what is foretold counts when its day begins."""
    told = [_weather(entry.state) for entry in page.of(WEATHER)]
    instants = [one.meta.occurred_at for one in told]
    days = [one.observation.date for one in told]
    return max((at for at, day in zip(instants, days, strict=True) if at.astimezone(zone).date() == day), default=None)
