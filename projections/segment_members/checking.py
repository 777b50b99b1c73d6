"""Check rules as they are told: what is wrong with one, and at which place; and what one is, all put in."""

from datetime import MAXYEAR, MINYEAR, UTC, datetime

import msgspec

from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.reading import Problem, RuleError, read_rule
from domain.kernel.rules.resolving import CycleError, TooLargeError, UndefinedError, place_at_fault, resolve
from domain.kernel.rules.tree import InSegment, Rule
from domain.segments.errors import SegmentNotFoundError
from projections.rule_names.queries import Names


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it was told and as it is judged (no tag and no segment in it but lists), and what to warn of."""

    rule: Rule
    resolved: Rule
    warnings: tuple[Problem, ...]


def checked(data: object, names: Names, *, key: str | None = None, place: str = "rule") -> Checked:
    """Read a rule and put in what it names; `key` is that of the segment it is to become.

    Raises `RuleError` with everything that is wrong, each at its place, `CycleError` or `TooLargeError`.
    """
    read = read_rule(data, names.known, place=place)
    rule: Rule = read.taken()
    definitions = names.definitions
    if key is not None:
        definitions = msgspec.structs.replace(definitions, segments={**definitions.segments, key: rule})
    try:
        resolved: Rule = resolve(rule if key is None else InSegment(key=key), definitions)
    except (CycleError, UndefinedError, TooLargeError) as error:
        raise type(error)(error.detail, field=place_at_fault(rule, definitions, place)) from None
    return Checked(rule=rule, resolved=resolved, warnings=tuple(one for one in read.problems if one.is_warning))


def problems(data: object, names: Names, *, key: str | None = None, place: str = "rule") -> tuple[Problem, ...]:
    """Return all that is to be said about a rule, wrong or only to be warned of."""
    try:
        return checked(data, names, key=key, place=place).warnings
    except RuleError as error:
        return error.problems
    except InvalidInputError as error:
        return (Problem(place=error.field or place, detail=error.detail),)


def of_segment(key: str, names: Names, field: str = "segment") -> Checked:
    """Return the rule of a segment, by its key and with all put in; raises `SegmentNotFoundError`."""
    if key not in names.definitions.segments:
        raise SegmentNotFoundError("no segment has this key, or it is archived", field=field)
    return checked(msgspec.to_builtins(InSegment(key=key)), names, place=field)


def as_of(at: datetime | None, present: datetime, field: str = "at") -> datetime:
    """Return the instant that is asked for in UTC, else the present one.

    Raises `InvalidInputError` where it has no zone, or is yet to come.
    """
    if at is None:
        return present
    if at.tzinfo is None:
        raise InvalidInputError("a time needs its zone, such as 2026-11-23T09:00:00Z", field=field)
    if not MINYEAR < at.year < MAXYEAR:  # in another zone it would be outside the calendar
        raise InvalidInputError(f"the time is outside the years {MINYEAR + 1} to {MAXYEAR - 1}", field=field)
    found = at.astimezone(UTC)
    if found > present:
        raise InvalidInputError("the time is yet to come: who will be in then, nobody knows", field=field)
    return found
