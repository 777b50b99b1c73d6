"""From a free-text address to the region it lies in: the longest names count, from left to right, each within the last.

Ambiguity is told, never guessed: 朝阳区 alone is a district of several cities, so no code is given but all candidates.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from domain.context.region_names import short_names
from domain.context.regions import Region, Regions, regions

_LOOKED_AT: Final = 48  # characters: what comes behind is street and house
_LEVELS: Final = {"province": 0, "city": 1, "district": 2}
_NOISE: Final = re.compile(r"[\s,，.。·、;；:：/|_()（）\[\]【】-]+")
_COUNTRY: Final = re.compile(r"\A(中国|中华人民共和国|china)", re.IGNORECASE)
# What makes a short name part of a street's or a building's: 南京东路 lies in many cities.
_STREET: Final = re.compile(
    r"[东西南北中上下新老大小]?[一二三四五六七八九十]?(路|街|大道|大街|道|巷|弄|胡同|村|镇|乡|广场|大厦|花园|小区|桥|站)"
)


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Where an address lies: `code` as far as it is sure, None if it is not; `candidates` are what it may be."""

    code: str | None
    candidates: tuple[str, ...] = ()

    @property
    def is_ambiguous(self) -> bool:
        """Whether several regions have the name and nothing tells which is meant."""
        return len(self.candidates) > 1


class _Name(msgspec.Struct, frozen=True):
    region: Region
    is_full: bool


class Addresses:
    """Finds regions in texts; built once from the regions, some ten microseconds a text."""

    def __init__(self, today: Regions) -> None:
        self._regions = today
        self._alone: dict[str, str] = {}
        self._names: dict[str, list[_Name]] = {}
        for region in today:
            self._learn(region.zh, region, is_full=True)
        for code, shorts in today.names.short.items():
            region = today.path(code)[0]
            for short in shorts:
                if len(short) == 1:
                    self._alone[short] = code
                else:
                    self._learn(short, region, is_full=False)
        for level in ("city", "district"):
            for short, region in short_names(today, level):
                self._learn(short, region, is_full=False)
        self._longest = max(map(len, self._names))
        self.placed = functools.lru_cache(maxsize=16_384)(self._placed)

    def _learn(self, name: str, region: Region, *, is_full: bool) -> None:
        known = self._names.setdefault(name, [])
        if all(one.region is not region for one in known):
            known.append(_Name(region, is_full))

    def _placed(self, text: str) -> Placed:
        bare = _COUNTRY.sub("", _NOISE.sub("", unicodedata.normalize("NFKC", text)))[:_LOOKED_AT]
        if bare in self._alone:
            return self._sure([self._alone[bare]])
        found: list[Region] = []
        for names in self._found(bare):
            found = self._narrowed(found, names)
            if len(found) == 1 and found[0].level == "district":
                break
        return self._sure([region.code for region in found])

    def _sure(self, codes: list[str]) -> Placed:
        if len(codes) <= 1:
            return Placed(code=codes[0] if codes else None, candidates=tuple(codes))
        return Placed(code=self._regions.common(tuple(codes)), candidates=tuple(sorted(codes)))

    def _found(self, text: str) -> Iterator[list[_Name]]:
        """Yield the names in the text, the longest at each place, none within another."""
        place = 0
        while place < len(text) - 1:
            for length in range(min(self._longest, len(text) - place), 1, -1):
                names = self._names.get(text[place : place + length])
                if names and not _STREET.match(text, place + length):
                    yield names
                    place += length
                    break
            else:
                place += 1

    def _narrowed(self, found: list[Region], names: Iterable[_Name]) -> list[Region]:
        """Return what is meant once these names were read as well; names that lie elsewhere say nothing."""
        if not found:
            return _highest([one.region for one in names if one.is_full or one.region.level != "district"])
        inside = [one.region for one in names for above in found if self._lies_in(one.region, above)]
        return _highest(inside) or found

    def _lies_in(self, region: Region, above: Region) -> bool:
        return region is not above and self._regions.within(region.code, above.code)


def _highest(regions: list[Region]) -> list[Region]:
    """Return those of the highest level: 吉林 is the province, not the city in it."""
    highest = min((_LEVELS[region.level] for region in regions), default=None)
    return [region for region in regions if _LEVELS[region.level] == highest]


@functools.cache
def addresses() -> Addresses:
    """Return the finder over the regions that come with Koi; built once a process."""
    return Addresses(regions())
