"""The eight core segments and what a customer is known by, as declared in data and checked as they are read."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from domain.kernel.rules.tree import Rule, Value
from domain.scoring.kinds import Words

# The model that assigns them; rules read it as a prediction of this name.
MODEL: Final = "core_segment"


class CoreSegment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the eight: its names, who they are, and the rule that gives the first labels."""

    zh: str
    en: str
    meaning: Words
    rule: Rule


class CoreFeature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a customer is known by; the head of `core_features.toml` says what the fields mean."""

    zh: str
    en: str
    zh_reason: str
    en_reason: str
    scale: Literal["money", "count", "days", "share"]
    value: Value
    cluster: bool = False


@cache
def core_segments() -> Mapping[str, CoreSegment]:
    """Return the core segments by key, in the order that their rules are asked in."""
    return msgspec.convert(_read("core_segments.toml"), dict[str, CoreSegment])


@cache
def core_features() -> Mapping[str, CoreFeature]:
    """Return the features by key."""
    return msgspec.convert(_read("core_features.toml"), dict[str, CoreFeature])


def _read(name: str) -> dict[str, object]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
