"""Clean what is said of a person: each attribute by the rules of its kind, in one shared place for all sources."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from domain.cleaning import birthdays, contacts, moments, names, sexes
from domain.cleaning.reading import Reading
from domain.cleaning.rules import Rules, Sex, shipped
from domain.kernel.folding import folded

# Under these an attribute that could not be cleaned is kept: why, in the open, and what stood there, sealed.
REFUSED: Final = "refused."
RAW: Final = "raw."
_PLACES: Final = ("state", "province", "city", "district", "street", "address")
_PLACES_CHINESE: Final = {
    "省": "province",
    "省份": "province",
    "市": "city",
    "城市": "city",
    "区县": "district",
    "地址": "address",
}


class Cleaned(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a person, cleaned.

    `attributes` are in one form, under one name each. `refused` is why an attribute could not be understood, `raw` what
    stood there. `sex` is what a title in the name gave away.
    """

    attributes: dict[str, Any]
    refused: dict[str, str]
    raw: dict[str, Any]
    sex: Sex | None = None


class Cleaner:
    """Applies the rules, and counts what they do: `counts` by rule and outcome."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or shipped()
        self.counts: dict[tuple[str, str], int] = {}
        self._names = self.rules.names()

    def clean(self, attributes: Mapping[str, Any], *, source: str, said_at: datetime) -> Cleaned:
        """Return the attributes as of when they were said (UTC); never raises, whatever stands there.

        Of two spellings of one attribute the one under its own name counts, else the first.
        """
        clean: dict[str, Any] = {}
        refused: dict[str, str] = {}
        raw: dict[str, Any] = {}
        sex: Sex | None = None
        for key in sorted(attributes, key=lambda key: key not in self._names.values()):
            kind = self._names.get(folded(key))
            if kind is None:
                clean.setdefault(key, attributes[key])
            elif kind not in clean:
                reading = self.read(kind, attributes[key], source, said_at)
                sex = sex or reading.sex
                if reading.is_refused:
                    refused[kind], raw[kind] = reading.rule, attributes[key]
                elif reading.value is not None:
                    clean[kind] = reading.value
        for kind in clean.keys() & refused.keys():  # another spelling of it could be understood
            del refused[kind], raw[kind]
        return Cleaned(attributes=clean, refused=refused, raw=raw, sex=sex)

    def read(self, kind: str, value: Any, source: str, said_at: datetime) -> Reading:
        """Return what one value means; `kind` is one of `rules.ATTRIBUTES`."""
        reading = self._read(kind, value, source, said_at.astimezone(UTC))
        place = (reading.rule, reading.outcome)
        self.counts[place] = self.counts.get(place, 0) + 1
        return reading

    def _read(self, kind: str, value: Any, source: str, said_at: datetime) -> Reading:
        if value is None or value == "":
            return Reading.nothing(f"{kind}.blank")
        zone = self.rules.zone_of(source)
        today: date = said_at.astimezone(zone).date()
        readers: dict[str, Callable[[], Reading]] = {
            "name": lambda: names.name(value, self.rules),
            "sex": lambda: sexes.sex(value, self.rules, source),
            "birthday": lambda: birthdays.birthday(value, self.rules, source, today),
            "phone": lambda: contacts.phone(value, self.rules),
            "email": lambda: contacts.email(value, self.rules),
            "region": lambda: contacts.region(value, self.rules),
            "joined_at": lambda: moments.instant(value, zone),
        }
        return readers[kind]()

    def canonical(self, key: str) -> str:
        """Return the name under which an attribute is kept."""
        return self._names.get(folded(key), key)


def is_of_address(key: str) -> bool:
    """Tell whether an attribute says where somebody lives."""
    return _place(key) is not None


def address_of(attributes: Mapping[str, Any]) -> str:
    """Return the address that attributes tell, from its parts or whole; "" where there is none."""
    parts = {place: value for key, value in attributes.items() if (place := _place(key))}
    if isinstance(whole := parts.get("address"), dict):
        parts = {place: value for key, value in whole.items() if (place := _place(str(key)))}
    return " ".join(parts[part] for part in _PLACES if isinstance(parts.get(part), str))


def _place(key: str) -> str | None:
    name = _PLACES_CHINESE.get(key, folded(key))
    return name if name in _PLACES else None
