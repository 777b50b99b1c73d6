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


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A field as the file declares it; see the head of `fields.toml`. It keeps its paths in steps once asked."""

    zh: str
    en: str
    type: Type
    paths: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    default: float | None = None
    derived: bool = False
    own: bool = False

    @functools.cached_property
    def steps(self) -> tuple[Path, ...]:
        """The paths, each as its keys."""
        return tuple(tuple(path.split(".")) for path in self.paths)

    @functools.cached_property
    def product_steps(self) -> tuple[Path, ...]:
        """The attributes of the product, each as a path of one key."""
        return tuple((name,) for name in self.product)

    @functools.cached_property
    def begins(self) -> frozenset[str]:
        """The keys that the paths begin with: a body that has none of them says nothing of the field."""
        return frozenset(path[0] for path in self.steps)


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
