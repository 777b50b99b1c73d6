"""Where and when: regions, phone segments, the calendar, the weather, and all of it at once for rules."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from api.answers import read
from api.auth import needs
from api.openapi import READ, READ_ONE
from api.positions import Positions
from commands.access.scope import Scope
from commands.runtime.clock import now
from domain.context.addresses import addresses
from domain.context.calendar import Calendar, Day
from domain.context.circumstances import circumstances
from domain.context.former_regions import Exactness, former_regions
from domain.context.phone_places import PhonePlace, phone_places
from domain.context.regions import Level, Region, regions
from domain.context.weather import conditions
from domain.kernel.errors import InvalidInputError, NotFoundError
from projections.weather.queries import WeatherRead, weather_of

_MOST_DAYS: Final = 370
_ZONE: Final = "Asia/Shanghai"
_ALL: Final[dict[str, Any]] = {"guards": (needs(Scope.READ),), "responses": READ}
_ONE: Final[dict[str, Any]] = {"guards": (needs(Scope.READ),), "responses": READ_ONE}
_REGION: Final = QueryParameter(name="region", description="A division code, or a name as in 杭州.")

Country = Annotated[str, QueryParameter(name="country", description="ISO 3166.")]
Cal = NamedDependency[SkipValidation[Calendar]]


class UnknownRegionError(NotFoundError):
    """No region has this code or this one name."""

    code = "region.unknown"


class RegionRead(msgspec.Struct, frozen=True, kw_only=True):
    """A region with those above it, the province first; `en` where the data have a name."""

    code: str
    level: Level
    zh: str
    en: str | None
    name: str
    path: tuple[str, ...]


class ResolvedRead(msgspec.Struct, frozen=True, kw_only=True):
    """What a code or an address means: the region as far as it is sure, and what else it may be.

    `exactness` is that of a code: current, successor (its region goes on), city or province (only that is known),
    unknown. `version` names the data.
    """

    region: RegionRead | None
    candidates: tuple[RegionRead, ...] = ()
    exactness: Exactness | None = None
    former: str | None = None
    version: str


class WeatherDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day's weather with the names of its condition."""

    weather: WeatherRead
    zh: str
    en: str


class ContextController(Controller):
    """Reads about where and when."""

    path = "/api/v1/context"
    tags = ("context",)

    @get("/", operation_id="GetContext", summary="Show what is the case somewhere at some time", **_ALL)
    async def context(
        self,
        calendar: Cal,
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
        wait_for: NamedDependency[int | None],
        at: Annotated[
            datetime | None, QueryParameter(name="at", description="With its zone; now, unless given.")
        ] = None,
        on: Annotated[date | None, QueryParameter(name="date", description="A day instead, at noon.")] = None,
        region: Annotated[str | None, _REGION] = None,
        phone_prefix: Annotated[
            str | None, QueryParameter(name="phone_prefix", description="The first 7 digits.")
        ] = None,
    ) -> Response[dict[str, Any]]:
        """Return the circumstances as plain values, the very ones that rules ask about."""
        position = await positions.reached("weather", wanted=wait_for)
        if region is None and phone_prefix is not None:
            code = _segment(phone_prefix).region
        else:
            code = _found(region).code if region is not None else None
        instant = _instant(at, on)
        local = instant.astimezone(ZoneInfo(_ZONE)).date()
        known = await weather_of(pool, _path(code), local, local) if code else []
        found = circumstances(code, instant, calendar=calendar, weather=known[0] if known else None)
        return read(found, position)

    @get("/calendar", operation_id="GetCalendar", summary="Show what kind of days these are", **_ALL)
    async def days(
        self,
        calendar: Cal,
        on: Annotated[date | None, QueryParameter(name="date")] = None,
        until: Annotated[date | None, QueryParameter(name="until", description="The last day, if several.")] = None,
        country: Country = "CN",
    ) -> list[Day]:
        """Return holidays, make-up workdays, lunar dates, solar terms and festivals, day by day."""
        first = on or now().astimezone(ZoneInfo(_ZONE)).date()
        return [calendar.day(day, country) for day in _days(first, until or first)]

    @get("/regions", operation_id="ListRegions", summary="List regions", **_ALL)
    async def regions(
        self, parent: Annotated[str | None, QueryParameter(name="parent", description="A division code.")] = None
    ) -> list[RegionRead]:
        """Return the regions right below one, the provinces if none is named."""
        return [_shown(one) for one in regions().children(_found(parent).code if parent else None)]

    @get("/regions/{code:str}", operation_id="GetRegion", summary="Show what a division code means", **_ONE)
    async def region(self, code: FromPath[str]) -> ResolvedRead:
        """Return the region of a code of today or of former years."""
        today = regions().get(code) if code.isascii() and code.isdigit() else None
        resolved = former_regions().resolve(today.code if today else code)
        if resolved.code is None:
            raise UnknownRegionError("no region has or had this code", field="code")
        found = regions().get(resolved.code)
        return ResolvedRead(
            region=_shown(found) if found else None,
            exactness=resolved.exactness,
            former=resolved.former,
            version=regions().version,
        )

    @get("/places", operation_id="PlaceAddress", summary="Find the region of an address", **_ALL)
    async def place(self, address: Annotated[str, QueryParameter(name="address")]) -> ResolvedRead:
        """Return the region as far as it is sure; all that may be meant where it is not."""
        placed = addresses().placed(address)
        return ResolvedRead(
            region=_shown(_found(placed.code)) if placed.code else None,
            candidates=tuple(_shown(_found(code)) for code in placed.candidates) if placed.is_ambiguous else (),
            version=regions().version,
        )

    @get("/phones/{prefix:str}", operation_id="GetPhoneSegment", summary="Show where a segment was issued", **_ALL)
    async def phone(self, prefix: FromPath[str]) -> PhonePlace:
        """Return city and carrier of a mainland segment: the first seven digits are enough, and all that is wanted."""
        return _segment(prefix)

    @get("/weather", operation_id="GetWeather", summary="Show the weather of a region", **_ALL)
    async def weather(
        self,
        pool: NamedDependency[SkipValidation[asyncpg.Pool]],
        positions: NamedDependency[SkipValidation[Positions]],
        wait_for: NamedDependency[int | None],
        region: Annotated[str, _REGION],
        on: Annotated[date | None, QueryParameter(name="date")] = None,
        until: Annotated[date | None, QueryParameter(name="until")] = None,
    ) -> Response[list[WeatherDay]]:
        """Return each day that is known, of the region itself or the nearest one above it."""
        position = await positions.reached("weather", wanted=wait_for)
        first = on or now().astimezone(ZoneInfo(_ZONE)).date()
        days = _days(first, until or first)
        found = await weather_of(pool, _path(_found(region).code), days[0], days[-1])
        words = conditions()
        shown = [WeatherDay(weather=one, zh=words[one.condition].zh, en=words[one.condition].en) for one in found]
        return read(shown, position)


def _found(named: str) -> Region:
    known = regions().get(named) if named.isascii() and named.isdigit() else None
    code = known.code if known else addresses().placed(named).code
    region = regions().get(code) if code else None
    if region is None:
        raise UnknownRegionError("no one region has this code or name", field="region")
    return region


def _shown(region: Region) -> RegionRead:
    path = regions().path(region.code)
    return RegionRead(
        code=region.code,
        level=region.level,
        zh=region.zh,
        en=phone_places().english.get(region.code),
        name=regions().name(region.code),
        path=tuple(one.code for one in path),
    )


def _path(code: str) -> list[str]:
    return [region.code for region in reversed(regions().path(code))]


def _segment(prefix: str) -> PhonePlace:
    digits = prefix.removeprefix("+86").removeprefix("86") if prefix.startswith(("+86", "861")) else prefix
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidInputError("the first digits of a mainland number, such as 1391234", field="phone_prefix")
    return phone_places().mainland(digits)


def _instant(at: datetime | None, on: date | None) -> datetime:
    if on is not None:
        return datetime(on.year, on.month, on.day, 12, tzinfo=ZoneInfo(_ZONE))
    if at is not None and at.tzinfo is None:
        raise InvalidInputError("a time needs its zone, such as 2026-11-25T09:00:00+08:00", field="at")
    return at or now()


def _days(first: date, last: date) -> list[date]:
    count = (last - first).days + 1
    if not 0 < count <= _MOST_DAYS:
        raise InvalidInputError(f"1 to {_MOST_DAYS} days, the first one first", field="until")
    return [first + timedelta(days=day) for day in range(count)]
