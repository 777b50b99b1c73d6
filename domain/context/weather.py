"""The weather of a day somewhere: what a feed tells, in one form, and the event that makes it history."""

import functools
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.context.addresses import addresses
from domain.context.regions import regions
from domain.kernel.errors import InvalidInputError
from domain.kernel.event import Event
from domain.kernel.folding import folded
from domain.kernel.ids import derived

_COLDEST: Final = -80.0
_HOTTEST: Final = 65.0
_MOST_RAIN: Final = 2_000.0
_ZERO_FAHRENHEIT: Final = 32.0
_DEGREES: Final = 1.8


class ObservationError(InvalidInputError):
    """A row of a feed cannot be taken for weather; `field` is the column at fault."""

    code = "weather.invalid"


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word for weather, with its names and what feeds call it."""

    zh: str
    en: str
    also: tuple[str, ...] = ()


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """The weather of a day in a region, temperatures in °C; a forecast tells what is yet to come."""

    region: str
    date: date
    condition: str
    temperature_high: float | None = None
    temperature_low: float | None = None
    precipitation_mm: float | None = None
    is_forecast: bool = False


class WeatherObserved(Event, frozen=True, kw_only=True):
    """A source told the weather of a day in a region; a later version of the stream is its later word."""

    TOPIC = "weather.observed.v1"

    source: str
    observation: Observation


class Reading:
    """Reads the rows of one feed."""

    def __init__(self, spellings: Mapping[str, str] | None = None, *, is_fahrenheit: bool = False) -> None:
        """Take what the feed calls conditions beside what is known; raises `ObservationError` for an unknown one."""
        known = conditions()
        if unknown := sorted(set((spellings or {}).values()) - set(known)):
            raise ObservationError(f"{unknown[0]} is no weather: one of {', '.join(known)}", field="conditions")
        self._spellings = {
            folded(one): name for name, word in known.items() for one in (name, word.zh, word.en, *word.also)
        }
        self._spellings |= {folded(one): name for one, name in (spellings or {}).items()}
        self._is_fahrenheit = is_fahrenheit

    def observation(self, row: Mapping[str, Any]) -> Observation:
        """Return what a row says, its keys being the fields of an observation; raises `ObservationError`."""
        return Observation(
            region=_region(row.get("region")),
            date=_date(row.get("date")),
            condition=self._condition(row.get("condition")),
            temperature_high=self._temperature(row, "temperature_high"),
            temperature_low=self._temperature(row, "temperature_low"),
            precipitation_mm=_number(row, "precipitation_mm", 0.0, _MOST_RAIN),
            is_forecast=str(row.get("is_forecast", "")).strip().lower() in {"1", "true", "yes", "是"},
        )

    def _condition(self, value: Any) -> str:
        name = self._spellings.get(folded(str(value)))
        if name is None:
            raise ObservationError("is no weather Koi knows: add the word to `conditions`", field="condition")
        return name

    def _temperature(self, row: Mapping[str, Any], field: str) -> float | None:
        low, high = (_fahrenheit(_COLDEST), _fahrenheit(_HOTTEST)) if self._is_fahrenheit else (_COLDEST, _HOTTEST)
        degrees = _number(row, field, low, high)
        if degrees is None or not self._is_fahrenheit:
            return degrees
        return round((degrees - _ZERO_FAHRENHEIT) / _DEGREES, 1)


@functools.cache
def conditions() -> dict[str, Condition]:
    """Return the words for weather."""
    text = resources.files(__package__).joinpath("weather.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Condition])


def weather_stream(source: str, observation: Observation) -> UUID:
    """Return the stream of what a source tells of a day in a region."""
    return derived("weather", source, observation.region, observation.date)


def _region(value: Any) -> str:
    text = str(value or "").strip()
    known = regions().get(text) if text.isascii() and text.isdigit() else None
    found = known.code if known else addresses().placed(text).code
    if found is None:
        raise ObservationError("must be a division code or the name of one region, such as 330100", field="region")
    return found


def _date(value: Any) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value).strip()[:10].replace("/", "-"))
    except ValueError:
        raise ObservationError("must be a date such as 2026-11-25", field="date") from None


def _number(row: Mapping[str, Any], field: str, low: float, high: float) -> float | None:
    value = row.get(field)
    if value is None or str(value).strip() in {"", "-", "N/A", "null"}:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ObservationError("must be a number", field=field) from None
    if not low <= number <= high:
        raise ObservationError(f"must lie between {low:g} and {high:g}: check the unit", field=field)
    return number


def _fahrenheit(celsius: float) -> float:
    return celsius * _DEGREES + _ZERO_FAHRENHEIT
