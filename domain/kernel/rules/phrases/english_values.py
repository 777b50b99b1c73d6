"""Values and windows in English."""

from typing import Final

from domain.kernel.rules.phrases.english_verbs import done
from domain.kernel.rules.phrases.labels import Labels, called
from domain.kernel.rules.phrases.showing import instant, plain, shown, value_labels
from domain.kernel.rules.tree import (
    Arithmetic,
    Attribute,
    Between,
    Calendar,
    Case,
    Constant,
    Context,
    Field,
    Last,
    Level,
    Measure,
    Part,
    Prediction,
    Rule,
    Scalar,
    Tag,
    Value,
    Weighted,
    Window,
)

_PERIODS: Final = {"day": ("today", "yesterday")}
_TAKES: Final = {
    "sum": "total {} of",
    "mean": "average {} of",
    "min": "lowest {} of",
    "max": "highest {} of",
    "stddev": "standard deviation of {} of",
    "distinct": "number of different {} values of",
    "first": "{} of the first",
    "last": "{} of the last",
    "days_since_first": "days since the first",
    "days_since_last": "days since the last",
    "active_days": "days with",
}
_SIGNS: Final = {"add": "+", "subtract": "-", "multiply": "×", "divide": "÷"}


class EnglishValues:
    """Says values with the labels of what they name."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    def rule(self, node: Rule, of: Level = "events") -> str:
        """Return a rule: said by the class that builds on this one."""
        raise NotImplementedError

    def value(self, node: Value, of: Level = "events") -> str:  # noqa: PLR0911 - one way out for each kind of value
        """Return a value; `of` is the level that fields are of here."""
        match node:
            case Field(name=name):
                return small(self.labels.field(name, of).en)
            case Attribute(name=name):
                return small(self.labels.attribute(name).en)
            case Tag(key=key):
                return small(called(self.labels.tags, key).en)
            case Context(name=name):
                return f"local {small(called(self.labels.contexts, name).en)}"
            case Prediction(model=model):
                return f'prediction of model "{called(self.labels.models, model).en}"'
            case Constant(value=value):
                return shown(value, "en", is_money=False, labels={})
            case Measure():
                return self._measure(node)
            case Arithmetic():
                return f"{self._operand(node.left, of)} {_SIGNS[node.op]} {self._operand(node.right, of)}"
        return self._composed(node, of)

    def shown(self, left: Value, value: Scalar, of: Level) -> str:
        """Return a written value beside the one it is compared with."""
        labels = value_labels(left, self.labels, of)
        return shown(value, "en", is_money=self.labels.is_money(left, of), labels=labels)

    def amount(self, amount: float, unit: str) -> str:
        """Return so many units."""
        return f"{plain(amount)} {unit}{'' if amount == 1 else 's'}"

    def window(self, window: Window | None) -> str:
        """Return a window, with a space before it; nothing where there is none."""
        match window:
            case None:
                return ""
            case Last(amount=amount, unit=unit, ending=ending):
                if ending:
                    return f" between {plain(amount)} and {self.amount(ending, unit)} ago"
                return f" in the last {unit if amount == 1 else self.amount(amount, unit)}"
            case Calendar(unit=unit, ago=ago):
                this, last = _PERIODS.get(unit, (f"this {unit}", f"last {unit}"))
                return f" {(this, last)[ago]}" if ago <= 1 else f" in the {unit} {self.amount(ago, unit)} ago"
            case Between():
                return self._between(window)

    def deed(self, events: tuple[str, ...], where: Rule | None, of: Level) -> str:
        """Return what was done, as it follows "has"."""
        names = " or ".join(done(called(self.labels.events, name).en) for name in events) or "done anything"
        return f"{names}{self._of_items(of)}{self._where(where, of)}"

    def event(self, events: tuple[str, ...], where: Rule | None, of: Level) -> str:
        """Return what happened, by the labels of the events."""
        names = " or ".join(f'"{called(self.labels.events, name).en}"' for name in events) or "activity"
        items = "items of " if of == "items" else ""
        return f"{items}{names}{self._where(where, of)}"

    def _of_items(self, of: Level) -> str:
        return " with an item" if of == "items" else ""

    def _where(self, where: Rule | None, of: Level) -> str:
        return f" ({self.rule(where, of)})" if where is not None else ""

    def _between(self, window: Between) -> str:
        since = instant(window.since, self.labels.zone) if window.since else None
        until = instant(window.until, self.labels.zone) if window.until else None
        if since and until:
            return f" from {since} to before {until}"
        return f" since {since}" if since else f" before {until}"

    def _measure(self, node: Measure) -> str:
        what = f"{self.event(node.events, node.where, node.of)}{self.window(node.within)}"
        field = small(self.labels.field(node.field or "", node.of).en)
        if node.take == "count":
            return f"number of {what if node.of == 'items' else f'times of {what}'}"
        if node.take == "top":
            return f"{'' if node.rank == 1 else f'number {node.rank} '}most frequent {field} of {what}"
        return f"{_TAKES[node.take].format(field)} {what}"

    def _operand(self, node: Value, of: Level) -> str:
        said = self.value(node, of)
        return f"({said})" if isinstance(node, Arithmetic | Case | Weighted) else said

    def _composed(self, node: Value, of: Level) -> str:
        match node:
            case Case(cases=cases, otherwise=otherwise):
                said = [f"{self._result(node, one.then, of)} if {self.rule(one.rule, of)}" for one in cases]
                rest = "no value" if otherwise is None else self._result(node, otherwise, of)
                return "; ".join([said[0], *(f"else {one}" for one in said[1:]), f"otherwise {rest}"])
            case Weighted(parts=parts, least=least, most=most):
                return f"{plain(least)} to {plain(most)} points: {'; '.join(self._part(one, of) for one in parts)}"
        raise TypeError(type(node).__name__)

    def _result(self, node: Case, result: Value, of: Level) -> str:
        if isinstance(result, Constant):
            return shown(result.value, "en", is_money=self.labels.is_money(node, of), labels=self.labels.results)
        return self.value(result, of)

    def _part(self, part: Part, of: Level) -> str:
        points = plain(part.weight) if part.value is None else f"{self.value(part.value, of)} × {plain(part.weight)}"
        return f"{points} if {self.rule(part.rule, of)}" if part.rule is not None else points


def small(label: str) -> str:
    """Return a label as it stands inside a sentence."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
