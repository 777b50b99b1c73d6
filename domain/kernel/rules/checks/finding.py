"""Findings about a node, and what is needed to come to them."""

import difflib
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from domain.kernel.rules.known import Known
from domain.kernel.rules.tree import Level

_AS_MANY: Final = 3
_ALIKE: Final = 0.5
_LONGEST: Final = 100


class Finding(NamedTuple):
    """What is wrong at a place inside the node ("" is the node itself); a warning does not forbid the rule."""

    place: str
    detail: str
    is_warning: bool = False


class Surroundings(NamedTuple):
    """Where a node stands: what exists, and of what the fields are if it stands in a `where`."""

    known: Known
    fields_of: Level | None = None


Findings = Iterator[Finding]


def unknown(
    place: str, what: str, name: str, known: Collection[str] | None, *, is_warning: bool = False
) -> Finding | None:
    """Return a finding if the name is not among the known ones, with those that are most like it."""
    if known is None or name in known:
        return None
    return Finding(place, f"there is no {what} {shortened(name)!r}{_hint(name, known)}", is_warning)


def foreign(place: str, whole: str, name: str, known: Collection[str]) -> Findings:
    """Return the finding that a node has no such part."""
    yield Finding(place, f"{whole} has no part {shortened(name)!r}{_hint(name, known)}")


def shortened(name: str) -> str:
    """Return a name as it can be shown."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def _hint(name: str, known: Collection[str]) -> str:
    if len(name) > _LONGEST:
        return ""
    if like := difflib.get_close_matches(name, known, _AS_MANY, _ALIKE):
        return f": did you mean {', '.join(like)}?"
    return f": there are {', '.join(sorted(known)[:_AS_MANY])}" if known else ", and none exists"


def among(*findings: Finding | None) -> Findings:
    """Return those that are findings."""
    return (one for one in findings if one is not None)
