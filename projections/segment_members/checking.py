"""Check rules as they are told: what is wrong with one, and at which place; and what one is, all put in."""

import msgspec

from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.reading import Problem, RuleError, read_rule
from domain.kernel.rules.resolving import CycleError, UndefinedError, resolve
from domain.kernel.rules.tree import InSegment, Rule
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
    except CycleError as error:
        raise CycleError(error.detail, field=place) from None
    except UndefinedError as error:
        raise UndefinedError(error.detail, field=place) from None
    return Checked(rule=rule, resolved=resolved, warnings=tuple(one for one in read.problems if one.is_warning))


def problems(data: object, names: Names, *, key: str | None = None, place: str = "rule") -> tuple[Problem, ...]:
    """Return all that is to be said about a rule, wrong or only to be warned of."""
    try:
        return checked(data, names, key=key, place=place).warnings
    except RuleError as error:
        return error.problems
    except InvalidInputError as error:
        return (Problem(place=error.field or place, detail=error.detail),)
