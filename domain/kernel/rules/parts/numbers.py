"""Values made of values: constants, arithmetic, cases and weighted sums."""

import math
import operator
from collections.abc import Callable
from typing import Final

from domain.kernel.rules.kinds import Known, number
from domain.kernel.rules.parts.part import Builder, Change, E, ValuePart, never, soonest_of
from domain.kernel.rules.tree import Arithmetic, Case, Constant, Part, Weighted


def constant(node: Constant, _build: Builder[E]) -> ValuePart[E]:
    """Return a value that is always the same."""
    value = node.value
    return ValuePart(lambda _moment: value, never)


def arithmetic(node: Arithmetic, build: Builder[E]) -> ValuePart[E]:
    """Return a result of two numbers; missing where it is no finite number."""
    left, right = build.value(node.left), build.value(node.right)
    apply = _OPERATIONS[node.op]

    def read(moment: E) -> Known:
        one, other = number(left.read(moment)), number(right.read(moment))
        if one is None or other is None:
            return None
        return _finite(apply, one, other)

    return ValuePart(read, soonest_of((left.change, right.change)))


def cases(node: Case, build: Builder[E]) -> ValuePart[E]:
    """Return the value of the first case that holds."""
    rules = [build.rule(case.rule) for case in node.cases]
    values = [build.value(case.then) for case in node.cases]
    if node.otherwise is not None:
        values.append(build.value(node.otherwise))
    last = values[-1] if node.otherwise is not None else None

    def read(moment: E) -> Known:
        for rule, value in zip(rules, values, strict=False):
            if rule.holds(moment):
                return value.read(moment)
        return last.read(moment) if last else None

    return ValuePart(read, soonest_of([*(rule.change for rule in rules), *(value.change for value in values)]))


def weighted(node: Weighted, build: Builder[E]) -> ValuePart[E]:
    """Return the sum of the parts, one added after the other so that every engine comes to the same."""
    parts = [_part(one, build) for one in node.parts]

    def read(moment: E) -> Known:
        total = 0.0
        for adds, _ in parts:
            total += adds(moment)
        return max(node.least, min(node.most, total))

    return ValuePart(read, soonest_of(change for _, change in parts))


def _part(node: Part, build: Builder[E]) -> tuple[Callable[[E], float], Callable[[E], Change]]:
    """Return what the part adds, weight times the value where the rule holds, and when that may change."""
    rule = build.rule(node.rule) if node.rule is not None else None
    value = build.value(node.value) if node.value is not None else None

    def adds(moment: E) -> float:
        if rule is not None and not rule.holds(moment):
            return 0.0
        if value is None:
            return node.weight
        found = number(value.read(moment))
        return 0.0 if found is None else _finite(operator.mul, node.weight, found) or 0.0

    return adds, soonest_of(one.change for one in (rule, value) if one is not None)


def _finite(apply: Callable[[float, float], float], one: float, other: float) -> float | None:
    try:
        result = apply(one, other)
        return result if math.isfinite(result) else None
    except (ZeroDivisionError, OverflowError):
        return None


_OPERATIONS: Final[dict[str, Callable[[float, float], float]]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}
