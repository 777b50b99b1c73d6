"""The circumstances of a customer somewhere at some time, as plain values that any rule can ask about."""

from datetime import datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from domain.context.calendar import Calendar
from domain.context.regions import regions

_CHINA: Final = "CN"
_ZONE: Final = "Asia/Shanghai"
_EVENING: Final = 18
# What a feed has to tell.
WEATHER: Final = frozenset({"weather", "temperature_high", "temperature_low", "precipitation_mm"})
_PARTS: Final = ((6, "night"), (9, "morning"), (12, "forenoon"), (14, "noon"), (_EVENING, "afternoon"), (24, "evening"))


class Weather(Protocol):
    """What is known of a day's weather somewhere."""

    @property
    def condition(self) -> str: ...
    @property
    def temperature_high(self) -> float | None: ...
    @property
    def temperature_low(self) -> float | None: ...
    @property
    def precipitation_mm(self) -> float | None: ...


def circumstances(
    region: str | None,
    instant: datetime,
    *,
    calendar: Calendar,
    weather: Weather | None = None,
    country: str = _CHINA,
    zone: ZoneInfo | None = None,
) -> dict[str, Any]:
    """Return what is the case in a region (a division code, None if unknown) at an instant (with its zone).

    All values are texts, numbers, booleans or lists of texts, so that the one rule language can compare them; what is
    not known is left out. Times are those of `zone`, China's unless given.
    """
    local = instant.astimezone(zone or ZoneInfo(_ZONE))
    day = calendar.day(local.date(), country)
    found: dict[str, Any] = {
        "date": day.date.isoformat(),
        "hour": local.hour,
        "part_of_day": next(name for until, name in _PARTS if local.hour < until),
        "weekday": local.isoweekday(),
        "day_kind": day.kind,
        "is_workday": day.is_workday,
        "solar_term": day.solar_term.zh,
        "lunar_date": day.lunar.zh,
        "festivals": [festival.key for festival in day.festivals],
        "is_shopping_festival": any(festival.kind == "shopping" for festival in day.festivals),
    }
    if day.holiday_zh:
        found["holiday"] = day.holiday_zh
    for step in regions().path(region) if region else ():
        found[step.level] = step.code
        found[f"{step.level}_name"] = step.zh
    if weather is not None:
        told = {
            "weather": weather.condition,
            "temperature_high": weather.temperature_high,
            "temperature_low": weather.temperature_low,
            "precipitation_mm": weather.precipitation_mm,
        }
        found |= {key: value for key, value in told.items() if value is not None}
    return found
