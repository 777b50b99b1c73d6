"""How two values are compared: for each kind its levels, from the same to different, in the words of people.

A level is what a reason says ("name: one character differs"); the model learns how much each one weighs.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from splink import comparison_level_library as levels
from splink import comparison_library as comparisons
from splink.internals.comparison_creator import ComparisonCreator
from splink.internals.comparison_level_creator import ComparisonLevelCreator

Make = Callable[[str, bool], ComparisonLevelCreator]


class Level(msgspec.Struct, frozen=True):
    """A level of a kind: its key (`domain.identity.match_words` has its name), and when a pair is at it."""

    key: str
    make: Make


MISSING: Final = "missing"
DIFFERENT: Final = "different"


def _same(column: str, common: bool) -> ComparisonLevelCreator:  # noqa: FBT001 - one signature for all levels
    return levels.ExactMatchLevel(column, term_frequency_adjustments=common)


def _alike(least: float) -> Make:
    return lambda column, _: levels.JaroWinklerLevel(column, least)


def _edits(most: int) -> Make:
    return lambda column, _: levels.DamerauLevenshteinLevel(column, most)


def _sql(condition: str) -> Make:
    """Return a level by a condition in which `{l}` and `{r}` are the two values."""
    return lambda column, _: levels.CustomLevel(condition.format(l=f"{column}_l", r=f"{column}_r"))


_SAME: Final = Level("same", _same)
_ONE_EDIT: Final = Level("one_edit", _edits(1))
_TWO_EDITS: Final = Level("two_edits", _edits(2))
_TEXT: Final = (
    _SAME,
    Level("very_close", _alike(0.92)),
    Level("close", _alike(0.8)),
    Level("similar", _alike(0.7)),
)

KINDS: Final[dict[str, tuple[Level, ...]]] = {
    "exact": (_SAME,),
    "text": _TEXT,
    "code": (_SAME, _ONE_EDIT, _TWO_EDITS),
    "date": (
        _SAME,
        _ONE_EDIT,
        Level("same_year", _sql("substr({l}, 1, 4) = substr({r}, 1, 4)")),
    ),
    # Names of two to four characters: a letter more or less is a third of the name, the family name alone says little.
    "chinese_name": (
        _SAME,
        Level(
            "one_character",
            _sql("length({l}) >= 3 AND length({r}) >= 3 AND levenshtein({l}, {r}) = 1"),
        ),
        Level("same_given", _sql("substr({l}, 2) = substr({r}, 2)")),
        Level("same_family", _sql("substr({l}, 1, 1) = substr({r}, 1, 1)")),
    ),
    "phone": (
        _SAME,
        _ONE_EDIT,
        Level("same_ending", _sql("substr({l}, -4) = substr({r}, -4)")),
    ),
    "email": (
        _SAME,
        Level(
            "same_local_part",
            _sql("split_part({l}, '@', 1) = split_part({r}, '@', 1)"),
        ),
        Level("very_close", _alike(0.92)),
    ),
    "address": (
        _SAME,
        Level("very_close", _alike(0.92)),
        Level("close", _alike(0.8)),
    ),
    "overlap": (Level("shared", lambda column, _: levels.ArrayIntersectLevel(column, 1)),),
}


def comparison(column: str, kind: str, *, common: bool) -> ComparisonCreator:
    """Return how Splink compares a column of this kind."""
    return comparisons.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            levels.NullLevel(column),
            *(level.make(column, common) for level in KINDS[kind]),
            levels.ElseLevel(),
        ],
    )


def level_of(kind: str, place: int) -> str:
    """Return the key of the level that Splink numbers so: the strongest highest, 0 for the rest, -1 for missing."""
    if place < 0:
        return MISSING
    found = KINDS[kind]
    return DIFFERENT if place == 0 else found[len(found) - place].key
