"""What time alone does to rules and values, of a person of whom nothing new is told between two instants.

Most of them stay as they are unless something she did passes an edge of a window (`crossings`). Some count days, or
look at the circumstances: they can be worked out again from what stays (`pieces`). Of the rest nothing is promised, and
that is also said of whatever is not understood. What words alone bring, by the instant they were said for, the judge of
a person tells (`parts`: when it may change).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.kernel.rules.clocks import TICK, day_of
from domain.kernel.rules.tree import (
    All,
    AnyOf,
    Arithmetic,
    AsOf,
    Attribute,
    Case,
    Compare,
    Consented,
    Constant,
    Context,
    HasBeen,
    Identified,
    InSegment,
    Level,
    Measure,
    Node,
    Not,
    Prediction,
    Sampled,
    Sequence,
    Step,
    Tagged,
    Weighted,
    Window,
)
from domain.kernel.rules.walking import children
from domain.kernel.rules.windows import before, bounds

# So much is added for each day of the zone that begins, as long as nothing else changes it.
_PER_DAY: Final = {"member_days": 1, "known_days": 1, "days_to_birthday": -1}
_COUNTED: Final = frozenset({"days_since_first", "days_since_last"})
_MADE_OF_OTHERS: Final = (All, AnyOf, Not, Compare, Constant, Arithmetic, Case, Weighted)
_WORDS: Final = (Attribute, Prediction, InSegment, Tagged, Consented, Identified)
_EVER: Final = Measure(take="days_since_first")


class Passage(NamedTuple):
    """From one instant (UTC) to a later one, on the clock of a zone."""

    earlier: datetime
    later: datetime
    zone: ZoneInfo

    @property
    def days(self) -> int:
        """How many days of the zone begin."""
        return (day_of(self.later, self.zone) - day_of(self.earlier, self.zone)).days


class Crossing(NamedTuple):
    """A stretch of time that an edge passed: t with since <= t < before (no `since`: from the beginning).

    Whoever did none of these `events` (none named: anything) in it has the same in the window as before.
    """

    of: Level
    events: tuple[str, ...]
    since: datetime | None
    before: datetime


def is_steady(node: Node, passage: Passage) -> bool:
    """Say whether it stays as it is, without new words or facts, of everybody who did nothing in its `crossings`.

    And of whom no word begins to count in between, nor a rule has been so for long enough.
    """
    return _is_steady(node, passage, is_now=True)


def per_day(node: Node) -> int:
    """Return how much a value grows with each day that begins, if nothing else changes it; 0: it counts no days."""
    if isinstance(node, Measure) and node.take in _COUNTED:
        return 1
    return _PER_DAY.get(node.name, 0) if isinstance(node, Attribute) else 0


def pieces(node: Node, passage: Passage) -> list[Node] | None:
    """Return what it is made of, beside constants, that is steady, counts days or is a circumstance.

    None: there is something in it that is none of these.
    """
    found = list(_pieces(node, passage))
    return None if None in found else [one for one in found if one is not None]


def crossings(node: Node, passage: Passage) -> Iterator[Crossing]:
    """Yield where the edges of all windows in it passed."""
    match node:
        case Measure():
            yield from _passed(node.of, node.events, node.within, passage)
        case Attribute(name="known_days"):
            yield from crossings(_EVER, passage)
        case Sequence():
            yield from _of_sequence(node, passage)
        case AsOf():
            if (there := _shifted(node, passage)) is not None:
                yield from crossings(node.rule, there)
        case _:
            for child in _nodes(node):
                yield from crossings(child, passage)


def _is_steady(node: Node, passage: Passage, *, is_now: bool) -> bool:
    """Say it of a node; unless `is_now` it stands in a rule of another instant, where words are not followed."""
    match node:
        case Measure() | Sequence() | Sampled():
            return not per_day(node)
        case AsOf():
            return _is_steady_then(node, passage)
        case HasBeen():
            return is_now and _is_steady(node.rule, passage, is_now=True)
    if isinstance(node, _WORDS):
        return is_now and not per_day(node)
    return isinstance(node, _MADE_OF_OTHERS) and all(_is_steady(one, passage, is_now=is_now) for one in _nodes(node))


def _is_steady_then(node: AsOf, passage: Passage) -> bool:
    if node.at is not None:
        is_passed = passage.earlier < node.at <= passage.later
        return not is_passed and _is_fixed(node.rule)
    there = _shifted(node, passage)
    if there is None:
        # Before all time it is false; where that begins only now, or ends, is not looked at.
        return all(before(at, node.amount or 0, node.unit, passage.zone) is None for at in passage[:2])
    return _is_steady(node.rule, there, is_now=False)


def _is_fixed(node: Node) -> bool:
    """Say whether at an instant that is over it stays what it is; circumstances may be corrected."""
    return not isinstance(node, Context) and all(_is_fixed(child) for child in _nodes(node))


def _shifted(node: AsOf, passage: Passage) -> Passage | None:
    if node.at is not None:
        return None
    earlier, later = (before(at, node.amount or 0, node.unit, passage.zone) for at in passage[:2])
    return None if earlier is None or later is None else Passage(earlier, later, passage.zone)


def _pieces(node: Node, passage: Passage) -> Iterator[Node | None]:
    if isinstance(node, Constant):
        return
    if is_steady(node, passage) or per_day(node) or isinstance(node, Context):
        yield node
    elif isinstance(node, _MADE_OF_OTHERS):
        for child in _nodes(node):
            yield from _pieces(child, passage)
    else:
        yield None


def _of_sequence(node: Sequence, passage: Passage) -> Iterator[Crossing]:
    for step in node.steps:
        yield from _passed(step.of, step.events, node.within, passage)
    if node.unless is not None:
        yield from _passed(node.unless.of, node.unless.events, None, passage)
        if node.unless.limit_seconds is not None:
            yield _deadline(node.steps[-1], timedelta(seconds=node.unless.limit_seconds), passage)


def _deadline(last: Step, limit: timedelta, passage: Passage) -> Crossing:
    """Return when a last step may have been taken after which nothing may follow any more, since now."""
    try:
        since = passage.earlier - limit
    except OverflowError:
        return Crossing(last.of, last.events, None, passage.later)
    return Crossing(last.of, last.events, since - TICK, passage.later - limit + 2 * TICK)


def _passed(of: Level, events: tuple[str, ...], within: Window | None, passage: Passage) -> Iterator[Crossing]:
    then, now = (bounds(within, at, passage.zone) for at in passage[:2])
    if then.since != now.since and now.since is not None:
        yield Crossing(of, events, then.since, now.since)
    if then.before != now.before:
        yield Crossing(of, events, then.before, now.before)


def _nodes(node: Node) -> Iterator[Node]:
    """Yield the rules and values directly inside, past cases and parts."""
    for _, child in children(node):
        if isinstance(child, Node):
            yield child
        else:
            yield from _nodes(child)  # type: ignore[arg-type] # a case, a part or a step
