"""Findings about a node, and what is needed to come to them."""

import difflib
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from domain.kernel.rules.known import Known
from domain.kernel.rules.tree import Level

_AS_MANY: Final = 3
_ALIKE: Final = 0.5


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
    like = difflib.get_close_matches(name, known, _AS_MANY, _ALIKE)
    shown = like or sorted(known)[:_AS_MANY]
    hint = f": {'did you mean' if like else 'there are'} {', '.join(shown)}?" if shown else ", and none exists"
    return Finding(place, f"there is no {what} {name!r}{hint if like else hint.rstrip('?')}", is_warning)


def among(*findings: Finding | None) -> Findings:
    """Return those that are findings."""
    return (one for one in findings if one is not None)
