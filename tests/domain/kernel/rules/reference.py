"""What the tree of the rule language says, written down as plainly as can be: looks at everything, each time anew."""

import math
import statistics
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.kernel.rules import tree
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.parts.words import share
from domain.kernel.rules.windows import before, stay
from tests.domain.kernel.rules.strategies import TOLD


class Plainly:
    """One person at an instant."""

    def __init__(self, history: History, now: datetime, zone: ZoneInfo) -> None:
        self.history = history
        self.now = now
        self.zone = zone

    def holds(self, rule: tree.Rule, fields: Any = None) -> bool:  # noqa: PLR0911 - one way out for each kind of node
        """Say whether a rule holds."""
        match rule:
            case tree.All(of=of):
                return all(self.holds(one, fields) for one in of)
            case tree.AnyOf(of=of):
                return any(self.holds(one, fields) for one in of)
            case tree.Not(of=one):
                return not self.holds(one, fields)
            case tree.Compare():
                return self._compare(rule, fields)
            case tree.Sequence():
                return self._sequence(rule)
            case tree.AsOf(rule=one, at=at, amount=amount, unit=unit):
                there = at or before(self.now, amount or 0, unit, self.zone)
                return there is not None and there <= self.now and Plainly(self.history, there, self.zone).holds(one)
        return self._said(rule)

    def value(self, value: tree.Value, fields: Any = None) -> Any:  # noqa: C901, PLR0911 - one way out for each kind of node
        """Return a value."""
        match value:
            case tree.Field(name=name):
                return fields.get(name)
            case tree.Constant(value=one):
                return one
            case tree.Attribute(name=name):
                return self._attribute(name)
            case tree.Prediction(model=model):
                return self._last(self.history.predictions.get(model, ()))
            case tree.Arithmetic():
                return self._arithmetic(value, fields)
            case tree.Case(cases=cases, otherwise=otherwise):
                for case in cases:
                    if self.holds(case.rule, fields):
                        return self.value(case.then, fields)
                return None if otherwise is None else self.value(otherwise, fields)
            case tree.Weighted(parts=parts, least=least, most=most):
                total = 0.0
                for part in parts:
                    total += self._part(part, fields)
                return max(least, min(most, total))
            case tree.Measure():
                return self._measure(value)
        raise AssertionError(value)

    def _part(self, part: tree.Part, fields: Any) -> float:
        if part.rule is not None and not self.holds(part.rule, fields):
            return 0.0
        value = 1 if part.value is None else self.value(part.value, fields)
        return part.weight * value if _is_number(value) else 0.0

    def _last(self, words: Sequence[Word]) -> Any:
        return next((word.value for word in reversed(words) if word.since <= self.now), None)

    def _said(self, rule: tree.Rule) -> bool:
        match rule:
            case tree.Tagged(key=key, value=value, source=source):
                return any(
                    self._last(words) is True
                    for (one, its, said), words in self.history.tags.items()
                    if its == key and source in {None, one} and value in {None, said}
                )
            case tree.Consented(channel=channel, purpose=purpose, state=state):
                return bool(self._last(self.history.consents.get((channel, purpose), ())) == state)
            case tree.Identified(identifier=identifier):
                return self._last(self.history.identifiers.get(identifier, ())) is True
            case tree.InSegment(key=key):
                return self._last(self.history.segments.get(key, ())) is True
            case tree.Sampled(salt=salt, since=since, until=until):
                return since <= share(salt, self.history.profile_id) < until
        raise AssertionError(rule)

    def _attribute(self, name: str) -> Any:  # noqa: PLR0911 - one way out for each kind of node
        today = self._day(self.now)
        born = self._last(self.history.attributes.get("birthday", ()))
        match name:
            case "known_days":
                return self._measure(tree.Measure(take="days_since_first"))
            case "member_days":
                joined = self._last(self.history.attributes.get("joined_at", ()))
                if joined is None:
                    return None
                at = datetime.fromisoformat(joined)
                return (today - (self._day(at) if at.tzinfo else at.date())).days
            case "age":
                if born is None or not born[:4].isdigit():
                    return None
                return sum(1 for year in range(int(born[:4]) + 1, today.year + 1) if _birthday(born, year) <= today)
            case "days_to_birthday":
                if born is None or born.startswith("lunar"):
                    return None
                return min((_birthday(born, today.year + year) - today).days % 10_000 for year in (0, 1))
        return self._last(self.history.attributes.get(name, ()))

    def _inside(
        self, events: Sequence[str], of: tree.Level, where: tree.Rule | None, window: tree.Window | None
    ) -> list[Occurrence]:
        found = []
        for one in self.history.events if of == "events" else self.history.items:
            here = stay(window, one.occurred_at, self.zone)
            if here is None or not here.enters <= self.now or (here.leaves is not None and here.leaves <= self.now):
                continue
            if (one.name in events if events else one.name != TOLD) and (
                where is None or self.holds(where, one.fields)
            ):
                found.append(one)
        return found

    def _measure(self, node: tree.Measure) -> Any:  # noqa: PLR0911 - one way out for each kind of node
        inside = self._inside(node.events, node.of, node.where, node.within)
        days = [self._day(one.occurred_at) for one in inside]
        match node.take:
            case "count":
                return len(inside)
            case "active_days":
                return len(set(days))
            case "days_since_first":
                return (self._day(self.now) - days[0]).days if days else None
            case "days_since_last":
                return (self._day(self.now) - days[-1]).days if days else None
        pairs = [(one.occurred_at, value) for one in inside if (value := one.fields.get(node.field or "")) is not None]
        values = [value for _, value in pairs]
        match node.take:
            case "distinct":
                return len({repr(value) if isinstance(value, bool) else value for value in values})
            case "first":
                return max((value for at, value in pairs if at == pairs[0][0]), key=_place, default=None)
            case "last":
                return max((value for at, value in pairs if at == pairs[-1][0]), key=_place, default=None)
            case "top":
                ranked = sorted(set(values), key=lambda value: (-values.count(value), _place(value)))
                return ranked[node.rank - 1] if len(ranked) >= node.rank else None
        return _over(node.take, [value for value in values if _is_number(value)])

    def _sequence(self, rule: tree.Sequence) -> bool:
        chains: list[list[datetime]] = [[]]
        for step in rule.steps:
            inside = self._inside(step.events, step.of, step.where, rule.within)
            chains = [
                [*chain, one.occurred_at]
                for chain in chains
                for one in inside
                if not chain
                or (chain[-1] < one.occurred_at and _is_soon(chain[-1], one.occurred_at, step.limit_seconds))
            ]
            chains = [[at] for at in sorted({chain[-1] for chain in chains})]
        return any(rule.unless is None or self._unfollowed(chain[-1], rule.unless) for chain in chains)

    def _unfollowed(self, end: datetime, unless: tree.Step) -> bool:
        if unless.limit_seconds is not None and end + timedelta(seconds=unless.limit_seconds) > self.now:
            return False
        return not any(
            end < one.occurred_at and _is_soon(end, one.occurred_at, unless.limit_seconds)
            for one in self._inside(unless.events, unless.of, unless.where, None)
        )

    def _arithmetic(self, node: tree.Arithmetic, fields: Any) -> Any:
        left, right = self.value(node.left, fields), self.value(node.right, fields)
        if not _is_number(left) or not _is_number(right):
            return None
        match node.op:
            case "add":
                return left + right
            case "subtract":
                return left - right
            case "multiply":
                return left * right
        return left / right if right else None

    def _compare(self, rule: tree.Compare, fields: Any) -> bool:  # noqa: PLR0911 - one way out for each kind of node
        left = self.value(rule.left, fields)
        right: Any = self.value(rule.right, fields) if isinstance(rule.right, tree.Node) else rule.right
        match rule.op:
            case "exists" | "missing":
                return (left is None) == (rule.op == "missing")
            case "eq" | "ne":
                return _same(left, right) == (rule.op == "eq")
            case "in" | "not_in":
                return any(_same(left, one) for one in right) == (rule.op == "in")
            case "contains":
                return isinstance(left, str | tuple) and right in left
            case "starts_with":
                return isinstance(left, str) and left.startswith(right)
            case "between":
                return _order(left, right[0], {0, 1}) and _order(left, right[1], {-1, 0})
        return _order(left, right, {"lt": {-1}, "lte": {-1, 0}, "gt": {1}, "gte": {0, 1}}[rule.op])

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


def _over(take: str, numbers: list[Any]) -> Any:
    if not numbers or (take == "stddev" and len(numbers) == 1):
        return None
    match take:
        case "sum":
            return math.fsum(numbers)
        case "mean":
            return math.fsum(numbers) / len(numbers)
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
    return statistics.stdev(numbers)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    return "number" if _is_number(value) else type(value).__name__


def _place(value: Any) -> Any:
    return (["bool", "number", "str"].index(_kind(value)), value)


def _same(left: Any, right: Any) -> bool:
    return left is not None and _kind(left) == _kind(right) and bool(left == right)


def _order(left: Any, right: Any, wanted: set[int]) -> bool:
    if _kind(left) != _kind(right) or _kind(left) not in {"number", "str"}:
        return False
    return (left > right) - (left < right) in wanted


def _is_soon(at: datetime, later: datetime, limit: float | None) -> bool:
    return limit is None or (later - at) <= timedelta(seconds=limit)


def _birthday(born: str, year: int) -> date:
    month, day = int(born[-5:-3]), int(born[-2:])
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 3, 1)
