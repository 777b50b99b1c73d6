"""The weather around a person: of the day and the region that it was read for, and of no others."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.context.calendar import Calendar
from domain.kernel.rules.history import History, Word
from domain.kernel.rules.world import World
from projections.live_tags import surroundings
from projections.weather.queries import WeatherRead

AT = datetime(2026, 11, 26, 4, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
HANGZHOU, BEIJING = "330100", "110000"
RAIN = WeatherRead(
    region=HANGZHOU,
    date=date(2026, 11, 26),
    source="feed",
    condition="rain",
    temperature_high=9.0,
    temperature_low=4.0,
    precipitation_mm=12.0,
    is_forecast=False,
)


async def test_the_weather_is_that_of_its_day_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rain today is none of yesterday's, nor of where she lived then."""

    async def read(*_: object) -> list[WeatherRead]:
        return [RAIN]

    monkeypatch.setattr(surroundings, "weather_of", read)
    history = History(profile_id="x", attributes={"region": [Word(AT - timedelta(days=9), HANGZHOU)]})
    world = await surroundings.world_around(None, history, World(zone=ZONE), Calendar(), AT)  # type: ignore[arg-type] # not read
    assert world.circumstances(HANGZHOU, AT)["weather"] == "rain"
    assert "weather" not in world.circumstances(HANGZHOU, AT - timedelta(days=1))
    assert "weather" not in world.circumstances(BEIJING, AT)
