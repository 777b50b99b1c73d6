"""The fields that rules may ask of an event or an item: declared as data, extracted alike live and in batch."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Final, Literal

import msgspec

Type = Literal["text", "number", "bool", "money"]
Path = tuple[str, ...]
# Before a dotted path: any other property, as it was told.
PROPERTIES: Final = "properties."
# Where a fact's body lists items; the first list that is not empty counts.
LISTS: Final = ("products", "items", "lines", "goods")


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field as the file declares it; see the head of `fields.toml`."""

    zh: str
    en: str
    type: Type
    paths: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    default: float | None = None
    derived: bool = False
    own: bool = False

    @property
    def steps(self) -> tuple[Path, ...]:
        """The paths, each as its keys."""
        return _steps(self.paths)

    @property
    def product_steps(self) -> tuple[Path, ...]:
        """The attributes of the product, each as a path of one key."""
        return _names(self.product)


@functools.cache
def _steps(paths: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(tuple(path.split(".")) for path in paths)


@functools.cache
def _names(names: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple((name,) for name in names)


class Fields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All declared fields: those of events, and those that items have of their own."""

    events: Mapping[str, Field]
    items: Mapping[str, Field]

    @property
    def inherited(self) -> Mapping[str, Field]:
        """What an item has of its event: where it happened, when, in which order."""
        return {name: one for name, one in self.events.items() if not one.own and name not in self.items}

    def of(self, level: Literal["events", "items"]) -> Mapping[str, Field]:
        """Return the fields of a level by name, those of the event included for items."""
        return self.events if level == "events" else {**self.inherited, **self.items}


@functools.cache
def declared() -> Fields:
    """Return the fields that come with Koi: `fields.toml` beside this file."""
    text = resources.files(__package__).joinpath("fields.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Fields)
