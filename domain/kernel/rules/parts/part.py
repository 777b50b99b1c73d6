"""A node made ready: what it is at a moment, and from when on it may be otherwise without anything new."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from domain.kernel.rules.kinds import Known
from domain.kernel.rules.tree import Rule, Value

# Where a node is asked: a moment of a person, or the fields of an occurrence for what stands in a `where`.
E = TypeVar("E")
Change = datetime | None
Test = Callable[[Known], bool]


class RulePart(NamedTuple, Generic[E]):
    """A rule: does it hold, and the first instant after the moment at which that may change (None: never).

    The instant is never late; it may be early.
    """

    holds: Callable[[E], bool]
    change: Callable[[E], Change]


class ValuePart(NamedTuple, Generic[E]):
    """A value: what is it, and when may it change.

    `turn` asks when a test of the value may come out otherwise, which can be much later; its last argument are the
    numbers that the test compares with.
    """

    read: Callable[[E], Known]
    change: Callable[[E], Change]
    turn: Callable[[E, Test, tuple[float, ...]], Change] | None = None


class Builder(Protocol[E]):
    """Makes the nodes inside a node ready."""

    def rule(self, node: Rule) -> RulePart[E]: ...
    def value(self, node: Value) -> ValuePart[E]: ...


def never(_moment: object) -> Change:
    """Nothing changes by itself."""
    return None


def soonest(instants: Iterable[Change]) -> Change:
    """Return the first of the instants that come at all."""
    return min((one for one in instants if one is not None), default=None)


def soonest_of(changes: Iterable[Callable[[E], Change]]) -> Callable[[E], Change]:
    """Return when the first of several may change."""
    moving = tuple(one for one in changes if one is not never)
    if not moving:
        return never
    if len(moving) == 1:
        return moving[0]
    return lambda moment: soonest(change(moment) for change in moving)
