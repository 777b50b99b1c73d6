"""When rules may turn by themselves, asked of everybody's occurrences at once: instants that are early, never late.

Judging one person says exactly when a rule turns. Of all people at once it is enough to know no later instant than that
at which to look at each: so each window asks when the oldest that is inside it leaves, whatever else its rule asks for.
"""

import functools
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.kernel.rules.clocks import TICK, day_of, midnight
from domain.kernel.rules.parts.passing import critical
from domain.kernel.rules.periods import begins, period_of, shifted
from domain.kernel.rules.tree import (
    All,
    AnyOf,
    Arithmetic,
    AsOf,
    Attribute,
    Calendar,
    Case,
    Compare,
    Consented,
    Constant,
    Context,
    Identified,
    InSegment,
    Last,
    Level,
    Measure,
    Node,
    Not,
    Prediction,
    Rule,
    Sampled,
    Sequence,
    Step,
    Tagged,
    Value,
    Weighted,
    Window,
)
from domain.kernel.rules.windows import bounds

# What changes within a day; other circumstances are the same for all of it.
_HOURLY: Final = frozenset({"hour", "part_of_day"})
_OF_THE_DATE: Final = frozenset({"age", "days_to_birthday", "member_days"})
_NEVER_BY_THEMSELVES: Final = (InSegment, Tagged, Consented, Identified, Sampled, Prediction, Constant)
# So much shorter than the longest may the shortest month or leap year be, and so much may a zone's clock be moved.
_UNEVEN: Final = {"month": timedelta(days=4), "year": timedelta(days=2)}
_CLOCK_MOVES: Final = timedelta(hours=2)
_STEADY_FOR: Final = timedelta(days=3_650)
_LOOKED_AT: Final = timedelta(days=20)

Marks = tuple[float, ...] | None


class UnsaidError(Exception):
    """Only judging a person tells when such a rule turns; `part` is what is in it."""

    def __init__(self, part: str) -> None:
        """Keep what it is."""
        super().__init__(part)
        self.part = part


class Ask(NamedTuple):
    """Something that happened at t >= `since` (None: whenever) may turn the rule: at one of three instants.

    At t + `gap`, at the midnight `days` after its date, or `at` an instant; `events` are names, none: any behaviour.
    """

    of: Level
    events: tuple[str, ...]
    since: datetime | None
    gap: timedelta | None = None
    days: int | None = None
    at: datetime | None = None


class Turns(NamedTuple):
    """What occurrences may turn, and when everybody has to be looked at, whatever she did (None: never)."""

    asks: frozenset[Ask]
    everybody: datetime | None


def turns(rules: Iterable[Rule], now: datetime, zone: ZoneInfo) -> Turns:
    """Return when rules may turn after `now` without anything new; raises `UnsaidError`."""
    found = _Turning(now, zone)
    for rule in rules:
        found.rule(rule)
    return Turns(frozenset(found.asks), min(found.everybody, default=None))


@functools.lru_cache
def is_steady(zone: ZoneInfo, around: int) -> bool:
    """Say whether the zone's clock has one offset for ten years before and after a year."""
    at = datetime(around, 1, 1, tzinfo=zone) - _STEADY_FOR
    steps = range(int(2 * _STEADY_FOR / _LOOKED_AT))
    return len({(at + step * _LOOKED_AT).utcoffset() for step in steps}) == 1


class _Turning:
    """Walks through rules and collects."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self._now = now
        self._zone = zone
        self._slack = timedelta() if is_steady(zone, now.year) else _CLOCK_MOVES
        self.asks: set[Ask] = set()
        self.everybody: list[datetime] = []

    def rule(self, node: Rule) -> None:
        match node:
            case All(of=rules) | AnyOf(of=rules):
                for one in rules:
                    self.rule(one)
            case Not(of=one):
                self.rule(one)
            case Compare(left=left, right=right):
                is_of_two = isinstance(right, Node) and not isinstance(right, Constant)
                self._value(left, None if is_of_two else _marks(right))
                if is_of_two:
                    self._value(right, None)  # type: ignore[arg-type]  # a node beside another is a value
            case Sequence():
                self._sequence(node)
            case AsOf(at=datetime() as at):  # nothing that came later is seen: it turns at that instant only
                self.everybody += [at] if at > self._now else []
            case _ if not isinstance(node, _NEVER_BY_THEMSELVES):
                raise UnsaidError(str(node.__struct_config__.tag))

    def _value(self, node: Value, marks: Marks) -> None:
        match node:
            case Measure():
                self._measure(node, marks)
            case Attribute(name="known_days"):
                self._measure(Measure(take="days_since_first"), marks)
            case Attribute(name=name):
                if name in _OF_THE_DATE:
                    raise UnsaidError(name)
            case Context(name=name):
                self.everybody.append(self._next_hour() if name in _HOURLY else self._midnight(1))
            case Arithmetic() | Case() | Weighted():
                for part in _parts(node):
                    self._either(part)
            case _ if not isinstance(node, _NEVER_BY_THEMSELVES):
                raise UnsaidError(str(node.__struct_config__.tag))

    def _either(self, node: Value | Rule) -> None:
        if isinstance(node, Rule):
            self.rule(node)
        else:
            self._value(node, None)

    def _measure(self, node: Measure, marks: Marks) -> None:
        self._content(node.of, node.events, node.within)
        if node.take not in {"days_since_first", "days_since_last"}:
            return
        if marks is None:
            since = bounds(node.within, self._now, self._zone).since
            self.asks.add(Ask(node.of, node.events, since, at=self._midnight(1)))
            return
        for days in (one for one in critical(marks) if one > 0):
            try:
                since = self._midnight(1 - days)
            except OverflowError:  # before the year 1
                continue
            self.asks.add(Ask(node.of, node.events, since, days=days))

    def _sequence(self, node: Sequence) -> None:
        for step in node.steps:
            self._content(step.of, step.events, node.within)
        if node.unless is not None and node.unless.limit_seconds is not None and node.steps:
            last: Step = node.steps[-1]
            limit = timedelta(seconds=node.unless.limit_seconds)
            self.asks.add(Ask(last.of, last.events, self._now - limit + TICK, gap=limit))

    def _content(self, of: Level, events: tuple[str, ...], window: Window | None) -> None:
        """What is inside leaves, and what is not yet comes in."""
        match window:
            case Last(unit=unit, ending=ending):
                inside = bounds(window, self._now, self._zone)
                slack = _UNEVEN.get(unit, timedelta()) + (
                    self._slack if unit not in {"minute", "hour"} else timedelta()
                )
                if inside.since is not None:
                    self._passing(of, events, inside.since, slack)
                if ending:
                    self._passing(of, events, inside.before, slack)
            case Calendar(unit=unit):
                since = bounds(window, self._now, self._zone).since
                following = begins(shifted(period_of(self._now, unit, self._zone), 1, unit), self._zone)
                self.asks.add(Ask(of, events, since, at=following))

    def _passing(self, of: Level, events: tuple[str, ...], first: datetime, slack: timedelta) -> None:
        # The first that is left leaves a moment from now; what came after it, as much later.
        self.asks.add(Ask(of, events, first, gap=self._now - first + TICK - slack))

    def _midnight(self, days: int) -> datetime:
        return midnight(day_of(self._now, self._zone) + timedelta(days=days), self._zone)

    def _next_hour(self) -> datetime:
        local = self._now.astimezone(self._zone)
        passed = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return self._now + timedelta(hours=1) - passed


def _marks(right: object) -> Marks:
    """Return the numbers that a value is compared with."""
    values = right if isinstance(right, tuple) else (right.value if isinstance(right, Constant) else right,)
    return tuple(one for one in values if isinstance(one, int | float) and not isinstance(one, bool))


def _parts(node: Arithmetic | Case | Weighted) -> Iterator[Value | Rule]:
    match node:
        case Arithmetic():
            yield from (node.left, node.right)
        case Case():
            for when in node.cases:
                yield from (when.rule, when.then)
            if node.otherwise is not None:
                yield node.otherwise
        case Weighted():
            for part in node.parts:
                yield from (one for one in (part.rule, part.value) if one is not None)
