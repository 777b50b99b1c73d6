"""From a phone number to where it was issued: city and carrier in mainland China, the country elsewhere.

The package's tables hold every country and take 100 MB and half a second; of them only China's seven-digit segments are
kept, in two arrays. A number keeps its segment wherever its owner moves: this is where it was issued. The segments of
recent years (19x, 17x) are not in the data.
"""

import bisect
import functools
import sys
from array import array
from importlib import metadata
from typing import Final

import msgspec
import phonenumbers

from domain.context.addresses import addresses
from domain.context.regions import regions

_CHINA: Final = "86"
_SEGMENT: Final = 7
_REMEMBERED: Final = 65_536
_PACKAGE: Final = "phonenumbers"
_REGIONS: Final = {"HK": "810000", "MO": "820000", "TW": "710000"}


class PhonePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a number was issued.

    `country` is its ISO 3166 code, None for what is no number; `region` a Chinese division code, as precise as the data
    are; `carrier` has a Chinese and an English name where it is known.
    """

    country: str | None
    region: str | None = None
    zh: str = ""
    en: str = ""
    carrier_zh: str = ""
    carrier_en: str = ""


class _Place(msgspec.Struct, frozen=True):
    zh: str
    en: str
    region: str | None


class PhonePlaces:
    """Looks up where numbers were issued; loaded once, some microseconds a number."""

    def __init__(
        self, segments: dict[str, dict[str, str]], carriers: dict[str, dict[str, str]], countries: dict[str, str]
    ) -> None:
        """Take the package's tables by prefix, without the country code, and the countries' Chinese names."""
        self.version = f"{_PACKAGE} {metadata.version(_PACKAGE)}"
        self._countries = countries
        known: dict[tuple[str, str], int] = {}
        self._places: list[_Place] = []
        self._prefixes = array("Q")
        self._which = array("H")
        for prefix in sorted(segments, key=int):
            names = segments[prefix]
            pair = (names.get("zh", ""), names.get("en", ""))
            if pair not in known:
                known[pair] = len(self._places)
                self._places.append(_Place(*pair, _region(pair[0])))
            self._prefixes.append(int(prefix))
            self._which.append(known[pair])
        self._carriers = {prefix: (names.get("zh", ""), names.get("en", "")) for prefix, names in carriers.items()}
        self.english = self._english()
        self.place = functools.lru_cache(maxsize=_REMEMBERED)(self._of)

    def _of(self, number: str) -> PhonePlace:
        """Return where a number in E.164 was issued."""
        try:
            parsed = phonenumbers.parse(number, None)
        except phonenumbers.NumberParseException:
            return PhonePlace(country=None)
        country = phonenumbers.region_code_for_number(parsed)
        if parsed.country_code != int(_CHINA):
            region = _REGIONS.get(country or "")
            return PhonePlace(country=country, region=region, zh=self._countries.get(country or "", ""))
        return self.mainland(str(parsed.national_number))

    def mainland(self, national: str) -> PhonePlace:
        """Return where a mainland number without its country code, or its first digits, was issued."""
        place = self._segment(national)
        carrier = next((self._carriers[p] for p in _shorter(national) if p in self._carriers), ("", ""))
        return PhonePlace(
            country="CN",
            region=place.region if place else None,
            zh=place.zh if place else "",
            en=place.en if place else "",
            carrier_zh=carrier[0],
            carrier_en=carrier[1],
        )

    def _segment(self, national: str) -> _Place | None:
        for prefix in _shorter(national):
            number = int(prefix)
            index = bisect.bisect_left(self._prefixes, number)
            if index < len(self._prefixes) and self._prefixes[index] == number:
                return self._places[self._which[index]]
        return None

    def _english(self) -> dict[str, str]:
        """The English names of regions, from the places whose Chinese name is one whole region."""
        found: dict[str, str] = {}
        for place in self._places:
            if place.region and place.en and "、" not in place.zh:
                city, _, province = place.en.partition(", ")
                found.setdefault(place.region, city)
                if province and not place.region.endswith("0000"):
                    found.setdefault(place.region[:2] + "0000", province)
        return found


def _region(zh: str) -> str | None:
    """Return the region of a name; of an area code that several cities share, the smallest that holds them all."""
    first, *others = zh.split("、")
    code = addresses().placed(first).code
    if code is None or not others:
        return code
    inside = [addresses().placed(regions().name(code[:2]) + other).code for other in others]
    return regions().common((code, *(one for one in inside if one)))


def _shorter(national: str) -> list[str]:
    digits = national[:_SEGMENT]
    return [digits[:length] for length in range(len(digits), 0, -1)] if digits.isascii() and digits.isdigit() else []


@functools.cache
def phone_places() -> PhonePlaces:
    """Return what the installed package knows of China; read once a process."""
    from phonenumbers.carrierdata import CARRIER_DATA
    from phonenumbers.geodata import GEOCODE_DATA
    from phonenumbers.geodata.locale import LOCALE_DATA

    segments = {prefix[2:]: names for prefix, names in GEOCODE_DATA.items() if prefix.startswith(_CHINA)}
    carriers = {prefix[2:]: names for prefix, names in CARRIER_DATA.items() if prefix.startswith(_CHINA)}
    countries = {code: _own(names, "zh") for code, names in LOCALE_DATA.items()}
    places = PhonePlaces(segments, carriers, countries)
    # The rest of the world's segments are not needed again, and are most of the memory.
    for name in [one for one in sys.modules if one.startswith(("phonenumbers.geodata", "phonenumbers.carrierdata"))]:
        del sys.modules[name]
    for name in ("geodata", "carrierdata"):
        delattr(phonenumbers, name)
    return places


def _own(names: dict[str, str], language: str) -> str:
    """Return the name; the table writes *ja for "as in Japanese"."""
    name = names.get(language, "")
    return names.get(name[1:], "").lstrip("*") if name.startswith("*") else name
