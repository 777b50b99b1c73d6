"""The vocabulary: one name for what customers do, whatever their source calls it."""

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Final, Literal, Self

import msgspec

from domain.activity.folding import folded
from domain.activity.membership import MEMBERSHIP
from domain.activity.withdrawing import WITHDRAWN

_CUSTOM: Final = "custom."
_LONGEST: Final = 64
_REMEMBERED: Final = 4_096
# What nobody but Koi tells.
_OURS: Final = MEMBERSHIP | {WITHDRAWN}
_VERSION = re.compile(r"\.v\d+\Z")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a kind of activity.

    `zh` and `en` are its labels; `amount` the properties that may hold its money (the first one present counts), and
    `currency` the one that names the currency; `purchase` is +1 for a purchase, -1 for a refund, else 0. Without
    `behaviour` it is told about a customer, not done by her: a change of her profile is no visit.
    """

    name: str
    zh: str
    en: str
    amount: tuple[str, ...] = ()
    currency: str = "currency"
    purchase: Literal[-1, 0, 1] = 0
    behaviour: bool = True


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind as the vocabulary's file writes it, with what each source family calls it."""

    zh: str
    en: str
    segment: tuple[str, ...] = ()
    segment_call: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()
    sensors_type: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    amount: tuple[str, ...] = ()
    currency: str = "currency"
    purchase: Literal[-1, 0, 1] = 0
    behaviour: bool = True


class Vocabulary:
    """Translates the names of each source family into Koi's."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._kinds = {
            name: Kind(
                name=name,
                zh=e.zh,
                en=e.en,
                amount=e.amount,
                currency=e.currency,
                purchase=e.purchase,
                behaviour=e.behaviour,
            )
            for name, e in entries.items()
        }
        self._names: dict[tuple[str, str], str] = {}
        for name, entry in entries.items():
            families = {
                "segment": entry.segment,
                "segment_call": entry.segment_call,
                "sensors": entry.sensors,
                "sensors_type": entry.sensors_type,
                "": entry.also,
            }
            for family, spellings in families.items():
                for spelling in spellings:
                    self._learn(family, spelling, name)
        # The same few names come with every event.
        self._remembered = functools.lru_cache(maxsize=_REMEMBERED)(self._translated)

    def _learn(self, family: str, spelling: str, name: str) -> None:
        if self._names.setdefault((family, folded(spelling)), name) != name:
            raise ValueError(f"{spelling!r} means two things: {name} and {self._names[family, folded(spelling)]}")

    @classmethod
    def load(cls) -> Self:
        """Return the vocabulary that comes with Koi: `vocabulary.toml` beside this file."""
        text = resources.files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8")
        return cls(msgspec.convert(tomllib.loads(text), dict[str, Entry]))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All kinds with a name of their own, in the order of the vocabulary."""
        return tuple(self._kinds.values())

    def name_of(self, family: str, event: str) -> str:
        """Return Koi's name of what the source family calls `event`.

        Families are segment (tracked events), segment_call (page, identify ...), sensors (events), sensors_type
        (profile_set, track_signup ...) and cloudevents (types, with or without a reversed domain before and a version
        behind). Koi's own names stay, but for withdrawals and memberships, which nobody but Koi tells; unknown
        ones become `custom.<snake_case>` with at most 64 letters, digits and underscores after the dot.
        """
        return self._remembered(family, event)

    def kind(self, name: str) -> Kind:
        """Return what is known about a name of Koi's; a custom one is its own label and moves no money."""
        known = self._kinds.get(name)
        return known or Kind(name=name, zh=name.removeprefix(_CUSTOM), en=name.removeprefix(_CUSTOM))

    def _translated(self, family: str, event: str) -> str:
        spellings = _without_domain(event) if family == "cloudevents" else [event.strip()]
        for spelling in spellings:
            if spelling in self._kinds and spelling not in _OURS:
                return spelling
            for known in ((family, folded(spelling)), ("", folded(spelling))):
                if known in self._names:
                    return self._names[known]
            if family == "cloudevents" and ("segment", folded(spelling)) in self._names:
                return self._names["segment", folded(spelling)]
        return _CUSTOM + _bounded(spellings[0].removeprefix(_CUSTOM))


def _without_domain(event: str) -> list[str]:
    """Return the spellings to try for com.example.order.completed.v1 or com.example.OrderCompleted."""
    plain = _VERSION.sub("", event.strip())
    parts = plain.split(".")
    # One last word alone says too little: com.example.device.registered is nobody's registration.
    last = [parts[-1]] if "_" in folded(parts[-1]) else []
    return [plain, ".".join(parts[-2:]), *last]


def _bounded(event: str) -> str:
    name = folded(event)
    if not name or len(name) > _LONGEST:
        # Two long names must not become one by being cut, nor two that have no letters at all.
        digest = hashlib.sha256(event.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        name = f"{name[: _LONGEST - 9] or 'unnamed'}_{digest}"
    return name
