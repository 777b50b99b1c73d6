"""Rules in English, as a marketer would say them."""

from typing import Any, Final

from domain.kernel.rules.phrases.english_values import EnglishValues, small
from domain.kernel.rules.phrases.labels import called
from domain.kernel.rules.phrases.showing import SHOWN, instant, plain, span
from domain.kernel.rules.tree import (
    All,
    AnyOf,
    AsOf,
    Compare,
    Consented,
    HasBeen,
    Identified,
    InSegment,
    Level,
    Measure,
    Node,
    Not,
    Rule,
    Sampled,
    Sequence,
    Step,
    Tagged,
)

_OPERATORS: Final = {
    "eq": "is",
    "ne": "is not",
    "lt": "is below",
    "lte": "is at most",
    "gt": "is above",
    "gte": "is at least",
    "contains": "contains",
    "starts_with": "starts with",
}
_TIMES: Final = {"eq": "exactly", "lt": "fewer than", "lte": "at most", "gt": "more than", "gte": "at least"}
_AGO: Final = _TIMES | {"lt": "less than"}
_STATES: Final = {"granted": "agreed to", "withdrawn": "refused"}


class English(EnglishValues):
    """Says rules; values are said by what it builds on."""

    def rule(self, node: Rule, of: Level = "events") -> str:  # noqa: PLR0911 - one way out for each kind
        """Return a rule; `of` is the level that fields are of here."""
        match node:
            case All(of=parts):
                return ", and ".join(self._inner(one, of) for one in parts) or "everybody"
            case AnyOf(of=parts):
                return ", or ".join(self._inner(one, of) for one in parts) or "nobody"
            case Not(of=inner):
                return self._not(inner, of)
            case Compare():
                return self._compare(node, of)
            case Sequence():
                return self._sequence(node)
            case HasBeen(rule=inner, amount=amount, unit=unit):
                return f"for {self.amount(amount, unit)} without a break: ({self.rule(inner)})"
            case AsOf(rule=inner, at=at, amount=amount, unit=unit):
                then = f"at {instant(at, self.labels.zone)}" if at else f"{self.amount(amount or 0, unit)} ago"
                return f"{then}: ({self.rule(inner)})"
        return self._said(node, is_so=True)

    def _inner(self, node: Rule, of: Level) -> str:
        said = self.rule(node, of)
        return f"({said})" if isinstance(node, All | AnyOf) and len(node.of) > 1 else said

    def _not(self, node: Rule, of: Level) -> str:
        if isinstance(node, InSegment | Tagged | Consented | Identified):
            return self._said(node, is_so=False)
        return f"not ({self.rule(node, of)})"

    def _said(self, node: Any, *, is_so: bool) -> str:
        labels = self.labels
        match node:
            case InSegment(key=key):
                return f'{"" if is_so else "not "}in segment "{called(labels.segments, key).en}"'
            case Tagged(key=key, value=value, source=source):
                which = f"{called(labels.words, key).en}{f' = {value}' if value else ''}"
                return f'{"has" if is_so else "does not have"} the tag "{which}"{f" of {source}" if source else ""}'
            case Consented(channel=channel, purpose=purpose, state=state):
                what = f"{small(called(labels.purposes, purpose).en)} by {called(labels.channels, channel).en}"
                return f"{'' if is_so else 'has not '}{_STATES[state]} {what}"
            case Identified(identifier=identifier):
                return f"{'has' if is_so else 'has no'} {small(called(labels.identifiers, identifier).en)}"
            case Sampled(since=since, until=until):
                return f"in the fixed sample from {plain(since * 100)}% to {plain(until * 100)}%"
        raise TypeError(type(node).__name__)

    def _compare(self, node: Compare, of: Level) -> str:  # noqa: PLR0911 - one way out for each kind
        if isinstance(node.left, Measure) and (said := self._counted(node) or self._dated(node)):
            return said
        left = self.value(node.left, of)
        if isinstance(node.right, Node):
            return f"{left} {_OPERATORS[node.op]} {self.value(node.right, of)}"
        values = node.right if isinstance(node.right, tuple) else (node.right,)
        shown = [self.shown(node.left, value, of) for value in values if value is not None]
        match node.op:
            case "exists" | "missing":
                return f"{left} is {'' if node.op == 'exists' else 'not '}known"
            case "in":
                return f"{left} is {'one of ' if len(shown) > 1 else ''}{_few(shown)}"
            case "not_in":
                return f"{left} is {'none of ' if len(shown) > 1 else 'not '}{_few(shown)}"
            case "between":
                return f"{left} is between {shown[0]} and {shown[1]}"
        return f"{left} {_OPERATORS[node.op]} {shown[0]}"

    def _counted(self, node: Compare) -> str | None:
        """Return a comparison of a count the way people say it: did, has not done, at least so many times."""
        measure, right = node.left, node.right
        if not isinstance(measure, Measure) or measure.take != "count" or not isinstance(right, int):
            return None
        when, what = self.window(measure.within), self.deed(measure.events, measure.where, measure.of)
        if (node.op, right) in {("gte", 1), ("gt", 0), ("ne", 0)}:
            return f"{what}{when}"
        if (node.op, right) in {("lt", 1), ("lte", 0), ("eq", 0)}:
            return f"has not {what}{when}"
        if node.op not in _TIMES or measure.of == "items":
            return None
        return f"{what} {_TIMES[node.op]} {plain(right)} time{'' if right == 1 else 's'}{when}"

    def _dated(self, node: Compare) -> str | None:
        """Return a comparison of the days since something the way people say it: it was so many days ago."""
        measure, right = node.left, node.right
        if not isinstance(measure, Measure) or not isinstance(right, int | float) or node.op not in _AGO:
            return None
        if measure.take not in {"days_since_first", "days_since_last"}:
            return None
        which = measure.take.removeprefix("days_since_")
        what = f"{self.event(measure.events, measure.where, measure.of)}{self.window(measure.within)}"
        return f"the {which} {what} was {_AGO[node.op]} {self.amount(right, 'day')} ago"

    def _sequence(self, node: Sequence) -> str:
        steps = [f"{self._limit(step) if index else ''}{self._deed(step)}" for index, step in enumerate(node.steps)]
        said = f"{', then '.join(steps)}{',' if len(steps) > 1 and node.within else ''}{self.window(node.within)}"
        if node.unless is None:
            return said
        within = self._limit(node.unless).strip()
        return f"{said}, but has not {self._deed(node.unless)} {within or 'since'}{' of it' if within else ''}"

    def _deed(self, step: Step) -> str:
        return self.deed(step.events, step.where, step.of)

    def _limit(self, step: Step) -> str:
        return f"within {self.amount(*span(step.limit_seconds))} " if step.limit_seconds is not None else ""


def _few(shown: list[str]) -> str:
    return ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else "")
