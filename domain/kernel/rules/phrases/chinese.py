"""Rules in Chinese, as a marketer would say them."""

from typing import Any, Final

from domain.kernel.rules.phrases.chinese_values import ChineseValues
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

_NUMBERS: Final = {"eq": "=", "ne": "≠", "lt": "<", "lte": "≤", "gt": ">", "gte": "≥"}
_WORDS: Final = {"eq": "是", "ne": "不是", "contains": "包含", "starts_with": "开头是"}
_UNITS: Final = {"day": "天", "hour": "小时", "minute": "分钟", "second": "秒"}
_STATES: Final = {"granted": "已同意接收", "withdrawn": "已拒收"}


class Chinese(ChineseValues):
    """Says rules; values are said by what it builds on."""

    def rule(self, node: Rule, of: Level = "events") -> str:  # noqa: PLR0911 - one way out for each kind
        """Return a rule; `of` is the level that fields are of here."""
        match node:
            case All(of=parts):
                return "，且 ".join(self._inner(one, of) for one in parts) or "所有人"
            case AnyOf(of=parts):
                return "，或 ".join(self._inner(one, of) for one in parts) or "没有人"
            case Not(of=inner):
                return self._not(inner, of)
            case Compare():
                return self._compare(node, of)
            case Sequence():
                return self._sequence(node)
            case HasBeen(rule=inner, amount=amount, unit=unit):
                return f"已连续{self.amount(amount, unit)}满足（{self.rule(inner)}）"
            case AsOf(rule=inner, at=at, amount=amount, unit=unit):
                then = f"在 {instant(at, self.labels.zone)} 时" if at else f"{self.amount(amount or 0, unit)}前"
                return f"{then}满足（{self.rule(inner)}）"
        return self._said(node, is_so=True)

    def _inner(self, node: Rule, of: Level) -> str:
        said = self.rule(node, of)
        return f"（{said}）" if isinstance(node, All | AnyOf) and len(node.of) > 1 else said

    def _not(self, node: Rule, of: Level) -> str:
        if isinstance(node, InSegment | Tagged | Consented | Identified):
            return self._said(node, is_so=False)
        return f"不满足（{self.rule(node, of)}）"

    def _said(self, node: Any, *, is_so: bool) -> str:
        labels = self.labels
        match node:
            case InSegment(key=key):
                return f"{'' if is_so else '不'}在分群「{called(labels.segments, key).zh}」中"
            case Tagged(key=key, value=value, source=source):
                which = f"{called(labels.words, key).zh}{f'={value}' if value else ''}"
                return f"{'有' if is_so else '没有'}标签「{which}」{f'（来源 {source}）' if source else ''}"
            case Consented(channel=channel, purpose=purpose, state=state):
                name = f"{called(labels.channels, channel).zh}（{called(labels.purposes, purpose).zh}）"
                return f"{'' if is_so else '并非'}{name}{_STATES[state]}"
            case Identified(identifier=identifier):
                return f"{'有' if is_so else '没有'}{called(labels.identifiers, identifier).zh}"
            case Sampled(since=since, until=until):
                return f"在固定抽样的 {plain(since * 100)}% 至 {plain(until * 100)}% 中"
        raise TypeError(type(node).__name__)

    def _compare(self, node: Compare, of: Level) -> str:  # noqa: PLR0911 - one way out for each kind
        if isinstance(node.left, Measure) and (said := self._counted(node)):
            return said
        left = self.value(node.left, of)
        if isinstance(node.right, Node):
            op = _NUMBERS[node.op] if node.op in _NUMBERS else _WORDS[node.op]
            return f"{left} {op} {self.value(node.right, of)}"
        values = node.right if isinstance(node.right, tuple) else (node.right,)
        shown = [self.shown(node.left, value, of) for value in values if value is not None]
        match node.op:
            case "exists" | "missing":
                return f"{left} {'已知' if node.op == 'exists' else '未知'}"
            case "in":
                return f"{left} 是 {_few(shown)}{' 之一' if len(shown) > 1 else ''}"
            case "not_in":
                return f"{left} 不是 {_few(shown)}{' 中的任何一个' if len(shown) > 1 else ''}"
            case "between":
                return f"{left} 在 {shown[0]} 到 {shown[1]} 之间"
        if isinstance(values[0], bool) and node.op in {"eq", "ne"}:
            return f"{left}：{shown[0] if node.op == 'eq' else f'不是{shown[0]}'}"
        if isinstance(node.left, Measure) and node.left.take in {"days_since_first", "days_since_last"}:
            left = left.removesuffix("天数")
        is_word = isinstance(values[0], str)
        op = _WORDS[node.op] if is_word and node.op in _WORDS else _NUMBERS[node.op]
        return f"{left} {op} {shown[0]}{self.counter(node.left)}"

    def _counted(self, node: Compare) -> str | None:
        """Return a comparison of a count the way people say it: 有, 没有, 至少几次."""
        measure, right = node.left, node.right
        if not isinstance(measure, Measure) or measure.take != "count" or not isinstance(right, int):
            return None
        when, what = self.window(measure.within), self.happening(measure.events, measure.where, measure.of)
        if (node.op, right) in {("gte", 1), ("gt", 0), ("ne", 0)}:
            return f"{when}有{what}"
        if (node.op, right) in {("lt", 1), ("lte", 0), ("eq", 0)}:
            return f"{when}没有{what}"
        return f"{when}{what}{_NUMBERS[node.op]}{plain(right)}{self.counter(measure)}" if node.op in _NUMBERS else None

    def _sequence(self, node: Sequence) -> str:
        steps = [self._step(step, index) for index, step in enumerate(node.steps)]
        said = f"{self.window(node.within)}{'先' if len(steps) > 1 else '有'}{'，然后'.join(steps)}"
        if node.unless is None:
            return said
        return f"{said}，之后{self._limit(node.unless)}没有{self._happening(node.unless)}"

    def _step(self, step: Step, index: int) -> str:
        return f"{self._limit(step) if index else ''}{self._happening(step)}"

    def _happening(self, step: Step) -> str:
        return self.happening(step.events, step.where, step.of)

    def _limit(self, step: Step) -> str:
        if step.limit_seconds is None:
            return ""
        amount, unit = span(step.limit_seconds)
        return f"{plain(amount)}{_UNITS[unit]}内"


def _few(shown: list[str]) -> str:
    return "、".join(shown[:SHOWN]) + (f"…等 {len(shown)} 个" if len(shown) > SHOWN else "")
