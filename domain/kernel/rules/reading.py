"""Reading rules and values: JSON into nodes, with all problems at once, each with its place and what would be right."""

from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

import msgspec

from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.checks.finding import Finding
from domain.kernel.rules.known import Known
from domain.kernel.rules.parsing import Parser, is_bad
from domain.kernel.rules.tree import Rule, Value

T = TypeVar("T", bound=msgspec.Struct)
_SHOWN: Final = 5


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, by its dotted path: `of.1.left.within.amount`. A warning does not forbid the rule."""

    place: str
    detail: str
    is_warning: bool = False


class RuleError(InvalidInputError):
    """A rule or value that cannot be taken; `problems` are all that is wrong with it, warnings included."""

    code = "rule.invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        wrong = [one for one in self.problems if not one.is_warning]
        said = [f"{one.place or 'the rule'}: {one.detail}" for one in wrong[:_SHOWN]]
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        super().__init__("; ".join([*said, *more]), field=wrong[0].place if wrong else None)


class Read(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What was read: the node, unless something forbids it, and what there is to say about it."""

    node: T | None
    problems: tuple[Problem, ...]

    def taken(self) -> T:
        """Return the node; raises `RuleError` if there is none."""
        if self.node is None:
            raise RuleError(self.problems)
        return self.node


def read_rule(data: object, known: Known, *, place: str = "") -> "Read[Any]":
    """Read a rule from decoded JSON. `place` is where it stands itself, before all paths."""
    return _read(data, Rule, known, place)


def read_value(data: object, known: Known, *, place: str = "") -> "Read[Any]":
    """Read a value from decoded JSON."""
    return _read(data, Value, known, place)


def written(node: Rule | Value) -> Any:
    """Return a rule or value as JSON, the way it is read again."""
    return msgspec.to_builtins(node)


def _read(data: object, union: object, known: Known, place: str) -> "Read[Any]":
    parser = Parser(known)
    node = parser.node(data, union, place)
    problems = tuple(map(_problem, parser.found))
    is_wrong = is_bad(node) or any(not one.is_warning for one in problems)
    return Read(node=None if is_wrong else node, problems=problems)


def _problem(finding: Finding) -> Problem:
    return Problem(place=finding.place, detail=finding.detail, is_warning=finding.is_warning)
