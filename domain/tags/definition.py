"""A tag of the catalogue: what it is called, what it means, how its value is worked out, and what that rests on."""

import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from domain.kernel.rules.tree import Value

Type = Literal["boolean", "number", "money", "share", "text"]
Freshness = Literal["live", "nightly", "model"]

KEY: Final = re.compile(r"[a-z][a-z0-9_]{1,63}")


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same in Chinese and in English."""

    zh: str
    en: str


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a tag.

    `type` is what the value is: `money` in minor units (fen), `share` a number from 0 to 1. `labels` name the values of
    a text. `freshness`: `live` follows every event and falls due at the exact instant, `nightly` rests on what is
    worked out once a day, `model` on the last run of a model. `owner` answers for it.
    """

    key: str
    group: str
    name: Words
    meaning: Words
    type: Type
    value: Value
    unit: str = ""
    labels: Mapping[str, Words] = {}
    freshness: Freshness = "live"
    owner: str = ""
    version: int = 1


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of the catalogue, in its place among the others."""

    key: str
    name: Words
