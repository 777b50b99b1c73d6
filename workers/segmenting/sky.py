"""The weather that live rules see: of some days around today, read anew when a feed tells of them or a day begins."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.context.calendar import Calendar
from domain.context.circumstances import circumstances
from projections.engine.projection import Reading
from projections.weather.sky import Sky, sky_on

# A worker that was down for some days still finds each turn at its instant; of days before them nothing is told.
_DAYS_BACK: Final = 7
_DAYS_AHEAD: Final = 1


class LiveSky:
    """What is the case where people are, the weather of these days included."""

    def __init__(self, reading: Reading, calendar: Calendar, zone: ZoneInfo, clock: Callable[[], datetime]) -> None:
        """Take where the weather is read; nothing of it is known before `keep` or `look`."""
        self._reading = reading
        self._calendar = calendar
        self._zone = zone
        self._clock = clock
        self._sky = Sky({})
        self._day: date | None = None

    async def keep(self) -> None:
        """Read the weather if that has not been done today."""
        if self._day != self._today():
            await self.look()

    async def look(self) -> None:
        """Read the weather as it is told by now."""
        today = self._today()
        self._sky = await sky_on(
            self._reading, [today + timedelta(days=one) for one in range(-_DAYS_BACK, _DAYS_AHEAD + 1)]
        )
        self._day = today

    def circumstances(self, region: str | None, instant: datetime) -> Mapping[str, Any]:
        """Return what is the case in a region at an instant, as `World.circumstances` asks for it."""
        weather = self._sky.over(region, instant.astimezone(self._zone).date())
        return circumstances(region, instant, calendar=self._calendar, weather=weather, zone=self._zone)

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()
