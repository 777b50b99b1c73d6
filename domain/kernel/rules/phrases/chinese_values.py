"""Values and windows in Chinese."""

from typing import Final

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
    Unit,
    Value,
    Weighted,
    Window,
)

_UNITS: Final[dict[Unit, str]] = {
    "minute": "分钟",
    "hour": "小时",
    "day": "天",
    "week": "周",
    "month": "个月",
    "year": "年",
}
_PERIODS: Final = {
    "day": ("今天", "昨天", "天前那天"),
    "week": ("本周", "上周", "周前那周"),
    "month": ("本月", "上月", "个月前那月"),
    "quarter": ("本季度", "上季度", "个季度前那季"),
    "year": ("今年", "去年", "年前那年"),
}
_TAKES: Final = {
    "sum": "的{}合计",
    "mean": "的{}平均值",
    "min": "的{}最小值",
    "max": "的{}最大值",
    "stddev": "的{}标准差",
    "distinct": "的不同{}数",
    "top": "最多的{}",
}
_SIGNS: Final = {"add": "+", "subtract": "-", "multiply": "×", "divide": "÷"}
_COUNTERS: Final = {"count": "次", "days_since_first": "天", "days_since_last": "天", "active_days": "天"}


class ChineseValues:
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
                return self.labels.field(name, of).zh
            case Attribute(name=name):
                return self.labels.attribute(name).zh
            case Tag(key=key):
                return called(self.labels.tags, key).zh
            case Context(name=name):
                return f"当地{called(self.labels.contexts, name).zh}"
            case Prediction(model=model):
                return f"模型「{called(self.labels.models, model).zh}」的预测"
            case Constant(value=value):
                return shown(value, "zh", is_money=False, labels={})
            case Measure():
                return self._measure(node)
            case Arithmetic():
                return f"{self._operand(node.left, of)} {_SIGNS[node.op]} {self._operand(node.right, of)}"
        return self._composed(node, of)

    def shown(self, left: Value, value: Scalar, of: Level) -> str:
        """Return a written value beside the one it is compared with."""
        labels = value_labels(left, self.labels, of)
        return shown(value, "zh", is_money=self.labels.is_money(left, of), labels=labels)

    def counter(self, value: Value) -> str:
        """Return the word that numbers of a value are counted by."""
        if not isinstance(value, Measure):
            return ""
        return "项" if value.take == "count" and value.of == "items" else _COUNTERS.get(value.take, "")

    def amount(self, amount: int, unit: Unit) -> str:
        """Return so many units."""
        return f"{amount}{_UNITS[unit]}"

    def window(self, window: Window | None) -> str:
        """Return a window."""
        match window:
            case None:
                return ""
            case Last(amount=amount, unit=unit, ending=ending):
                if ending:
                    return f"{self.amount(amount, unit)}前至{self.amount(ending, unit)}前"
                return f"近{self.amount(amount, unit)}内"
            case Calendar(unit=unit, ago=ago):
                this, last, earlier = _PERIODS[unit]
                return (this, last)[ago] if ago <= 1 else f"{ago}{earlier}"
            case Between():
                return self._between(window)

    def happening(self, events: tuple[str, ...], where: Rule | None, of: Level) -> str:
        """Return what happened: the events, and what their fields had to be."""
        names = "或".join(f"「{called(self.labels.events, name).zh}」" for name in events) or "任意行为"
        items = "中的商品" if of == "items" else ""
        return f"{names}{items}{f'（{self.rule(where, of)}）' if where is not None else ''}"

    def _between(self, window: Between) -> str:
        since = instant(window.since, self.labels.zone) if window.since else None
        until = instant(window.until, self.labels.zone) if window.until else None
        if since and until:
            return f"{since} 至 {until} 之前"
        return f"{since} 以来" if since else f"{until} 之前"

    def _measure(self, node: Measure) -> str:  # noqa: PLR0911 - one way out for each kind
        what = f"{self.window(node.within)}{self.happening(node.events, node.where, node.of)}"
        field = self.labels.field(node.field or "", node.of).zh
        match node.take:
            case "count":
                return f"{what}的{'项' if node.of == 'items' else '次'}数"
            case "active_days":
                return f"{what}的天数"
            case "days_since_first":
                return f"首次{what}距今天数"
            case "days_since_last":
                return f"最近一次{what}距今天数"
            case "first":
                return f"首次{what}的{field}"
            case "last":
                return f"最近一次{what}的{field}"
            case "top" if node.rank > 1:
                return f"{what}第{node.rank}多的{field}"
        return what + _TAKES[node.take].format(field)

    def _operand(self, node: Value, of: Level) -> str:
        said = self.value(node, of)
        return f"（{said}）" if isinstance(node, Arithmetic | Case | Weighted) else said

    def _composed(self, node: Value, of: Level) -> str:
        match node:
            case Case(cases=cases, otherwise=otherwise):
                said = [f"若{self.rule(one.rule, of)}，则为 {self._result(node, one.then, of)}" for one in cases]
                rest = "没有值" if otherwise is None else f"为 {self._result(node, otherwise, of)}"
                return "；否则".join([*said, rest])
            case Weighted(parts=parts, least=least, most=most):
                return f"{plain(least)}–{plain(most)} 分：{'；'.join(self._part(one, of) for one in parts)}"
        raise TypeError(type(node).__name__)

    def _result(self, node: Case, result: Value, of: Level) -> str:
        is_money = self.labels.is_money(node, of)
        if isinstance(result, Constant):
            return shown(result.value, "zh", is_money=is_money, labels=self.labels.results)
        return self.value(result, of)

    def _part(self, part: Part, of: Level) -> str:
        weight = (
            f"{plain(part.weight)} 分" if part.value is None else f"{self.value(part.value, of)} × {plain(part.weight)}"
        )
        return f"{self.rule(part.rule, of)}：{weight}" if part.rule is not None else weight
