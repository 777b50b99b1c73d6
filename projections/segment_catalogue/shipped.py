"""The segments that come with Koi: the eight core segments, by the model that speaks or else by their rules."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from domain.kernel.rules.tree import All, AnyOf, Compare, Not, Prediction, Rule
from domain.scoring.core import MODEL, core_segments
from domain.segments.segment import SHIPPED, Words

OWNER = "koi"


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that comes with Koi: its words, and its rule in JSON form."""

    words: Words
    rule: dict[str, Any]


@cache
def shipped() -> Mapping[str, Shipped]:
    """Return them by the keys that segments have."""
    return {
        segment_key(core): Shipped(
            words=Words(
                name_zh=one.zh, name_en=one.en, meaning_zh=one.meaning.zh, meaning_en=one.meaning.en, owner=OWNER
            ),
            rule=msgspec.to_builtins(rule_of(core)),
        )
        for core, one in core_segments().items()
    }


def segment_key(core: str) -> str:
    """Return what the segment of a core segment is called among segments."""
    return f"{SHIPPED}{core}"


def rule_of(core: str) -> Rule:
    """Return who is in a core segment.

    Those of whom the model that speaks says so; of whom it says nothing (no version speaks, or its last run did not
    know them), those of whom the segment's rule is the first that holds.
    """
    said = Prediction(model=MODEL)
    before = []
    for key, one in core_segments().items():
        if key == core:
            break
        before.append(Not(of=one.rule))
    by_rule = All(of=(Compare(left=said, op="missing"), core_segments()[core].rule, *before))
    return AnyOf(of=(Compare(left=said, op="eq", right=core), by_rule))
