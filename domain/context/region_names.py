"""What a region is called besides its full name: 杭州 for 杭州市, 延边 for 延边朝鲜族自治州."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from domain.context.regions import Region, Regions

_KINDS: Final = re.compile(r"(自治区|自治州|自治县|自治旗|特别行政区|林区|特区|新区|地区|盟|省|市|区|县|旗)\Z")
_AUTONOMOUS: Final = re.compile(r"(自治区|自治州|自治县|自治旗)\Z")
_SHORTEST: Final = 2
_KIND: Final = 3  # characters of 自治州 and its like


def stem(name: str) -> str:
    """Return the name without what kind of region it is; a name that would be one character stays whole."""
    bare = _KINDS.sub("", name)
    return bare if len(bare) >= _SHORTEST else name


def short_names(regions: Regions, level: str) -> Iterator[tuple[str, Region]]:
    """Yield short names of the regions of a level, each with its region.

    The name of an autonomous region goes on with its peoples, which nobody writes: any beginning counts that no region
    of its province outside of it has.
    """
    for province in regions.children():
        here = list(_below(regions, province))
        beginnings = Counter(_beginnings(region.zh for region in (province, *here)))
        for region in here:
            if region.level != level:
                continue
            yield stem(region.zh), region
            if _AUTONOMOUS.search(region.zh):
                own = Counter(_beginnings(one.zh for one in (region, *_below(regions, region))))
                for length in range(_SHORTEST, len(region.zh) - _KIND):
                    if beginnings[region.zh[:length]] == own[region.zh[:length]]:
                        yield region.zh[:length], region


def _below(regions: Regions, region: Region) -> Iterator[Region]:
    for child in regions.children(region.code):
        yield child
        yield from _below(regions, child)


def _beginnings(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for length in range(_SHORTEST, len(name) + 1):
            yield name[:length]
