"""A value beside another, or beside one that is written down."""

import operator
from collections.abc import Callable
from typing import Final

from domain.kernel.rules.kinds import Known, number, ordered, same
from domain.kernel.rules.parts.part import Builder, Change, E, RulePart, Test, ValuePart, never, soonest_of
from domain.kernel.rules.tree import Compare, Node, Operator, Scalar

_Two = Callable[[Known, Known], bool]


def comparison(node: Compare, build: Builder[E]) -> RulePart[E]:
    """Return the comparison; with a written value the left side may know better when it turns."""
    left = build.value(node.left)
    if isinstance(node.right, Node):
        right = build.value(node.right)
        compare = _BETWEEN_TWO[node.op]
        return RulePart(
            lambda moment: compare(left.read(moment), right.read(moment)), soonest_of((left.change, right.change))
        )
    test = tested(node.op, node.right)
    read = left.read
    return RulePart(lambda moment: test(read(moment)), _change(left, test, _marks(node)))


def tested(op: Operator, right: Scalar | tuple[Scalar, ...] | None) -> Test:
    """Return the test that the left value has to pass, where the right one is written down."""
    if op in {"exists", "missing"}:
        return _exists if op == "exists" else _is_missing
    if isinstance(right, tuple):
        return _within(op, right)
    if (mark := number(right)) is not None and op in _ORDERS:
        return _of_number(_ORDERS[op], mark)
    compare = _BETWEEN_TWO[op]
    return lambda value: compare(value, right)


def _change(left: ValuePart[E], test: Test, marks: tuple[float, ...]) -> Callable[[E], Change]:
    turn = left.turn
    if turn is None or left.change is never:
        return left.change
    return lambda moment: turn(moment, test, marks)


def _marks(node: Compare) -> tuple[float, ...]:
    right = node.right if isinstance(node.right, tuple) else (node.right,)
    return tuple(one for one in right if isinstance(one, int | float) and not isinstance(one, bool))


def _of_number(compare: Callable[[float, float], bool], mark: float) -> Test:
    """By far the most frequent one, so it is made short."""

    def test(value: Known) -> bool:
        return (value.__class__ is int or value.__class__ is float) and compare(value, mark)

    return test


def _within(op: Operator, right: tuple[Scalar, ...]) -> Test:
    if op == "between":
        low, high = right
        return lambda value: _BETWEEN_TWO["gte"](value, low) and _BETWEEN_TWO["lte"](value, high)
    members = frozenset((one.__class__ is bool, one) for one in right)

    def is_among(value: Known) -> bool:
        return value is not None and (value.__class__ is bool, value) in members

    return is_among if op == "in" else lambda value: not is_among(value)


def _exists(value: Known) -> bool:
    return value is not None


def _is_missing(value: Known) -> bool:
    return value is None


def _contains(value: Known, wanted: Known) -> bool:
    if not isinstance(wanted, str):
        return False
    return isinstance(value, str | tuple) and wanted in value


def _starts_with(value: Known, wanted: Known) -> bool:
    return isinstance(value, str) and isinstance(wanted, str) and value.startswith(wanted)


_ORDERS: Final[dict[str, Callable[[float, float], bool]]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_BETWEEN_TWO: Final[dict[str, _Two]] = {
    "eq": same,
    "ne": lambda one, other: not same(one, other),
    "contains": _contains,
    "starts_with": _starts_with,
    **{name: ordered(compare) for name, compare in _ORDERS.items()},
}
