"""Comparisons: what can be compared with what."""

import math
from typing import Final

from domain.kernel.rules.checks.finding import Finding, Findings, Surroundings
from domain.kernel.rules.checks.types import named, type_of, type_of_constant
from domain.kernel.rules.known import ValueType
from domain.kernel.rules.tree import Compare, Node, Operator, Scalar

MOST_VALUES: Final = 10_000
_TWO: Final = 2
_ORDERS: Final[frozenset[Operator]] = frozenset({"lt", "lte", "gt", "gte", "between"})
_TEXTS: Final[frozenset[Operator]] = frozenset({"contains", "starts_with"})


def comparison(node: Compare, around: Surroundings) -> Findings:
    """The right side has the form that the operator wants, and values of the type of the left one."""
    kind = type_of(node.left, around)
    wrong = _form(node)
    if wrong is not None:
        yield Finding("right", wrong)
        return
    if node.op in _ORDERS and kind in {"bool", "list"}:
        yield Finding("op", f"{node.op} wants numbers or texts, and the left side is {named(kind)}: {_instead(kind)}")
    elif node.op in {"eq", "ne", "in", "not_in", "starts_with"} and kind == "list":
        yield Finding("op", f"{node.op} cannot be asked of {named(kind)}: {_instead(kind)}")
    elif node.op in _TEXTS and kind in {"number", "bool"}:
        yield Finding("op", f"{node.op} looks into texts, and the left side is {named(kind)}")
    elif kind != "list":
        yield from _types(node, kind, around)
    yield from _listed(node)


def _form(node: Compare) -> str | None:
    right = node.right
    match node.op:
        case "exists" | "missing":
            return None if right is None else f"{node.op} compares with nothing: leave it out"
        case "in" | "not_in":
            return None if isinstance(right, tuple) and right else f"{node.op} wants a list of values, one at least"
        case "between":
            is_pair = isinstance(right, tuple) and len(right) == _TWO
            return None if is_pair else "between wants a list of two values, the lower one first"
        case "contains" | "starts_with":
            return None if isinstance(right, str | Node) else f"{node.op} wants a text"
    if right is None:
        return f"{node.op} wants a value; to ask whether there is any, use exists or missing"
    return f"{node.op} wants one value, not a list: use in, or between" if isinstance(right, tuple) else None


def _types(node: Compare, kind: ValueType | None, around: Surroundings) -> Findings:
    if isinstance(node.right, Node):
        other = type_of(node.right, around)
        if kind and other and kind != other:
            yield Finding("right", f"the left side is {named(kind)}, so this must be one too; it is {named(other)}")
        return
    for place, value in _written(node):
        other = type_of_constant(value)
        if kind is not None and kind != other:
            yield Finding(place, f"the left side is {named(kind)}, so this must be one too; it is {named(other)}")
        elif node.op in _ORDERS and other == "bool":
            yield Finding(place, f"{node.op} wants a number or a text; to compare with true or false, use eq")


def _listed(node: Compare) -> Findings:
    for place, value in _written(node):
        if isinstance(value, float) and not math.isfinite(value):
            yield Finding(place, "must be a finite number")
    if not isinstance(node.right, tuple):
        return
    if len(node.right) > MOST_VALUES:
        yield Finding("right", f"has {len(node.right)} values, {MOST_VALUES} at most: upload a segment for more")
    kinds = {type_of_constant(value) for value in node.right}
    if node.op == "between" and len(kinds) > 1:
        yield Finding("right", "the two values must be of one type")
    elif node.op == "between" and not kinds & {"bool"} and node.right[0] > node.right[1]:  # type: ignore[operator] # of one type
        yield Finding("right", "nothing is between these: put the lower value first")


def _written(node: Compare) -> list[tuple[str, Scalar]]:
    match node.right:
        case tuple():
            return [(f"right.{index}", value) for index, value in enumerate(node.right)]
        case str() | int() | float():
            return [("right", node.right)]
    return []


def _instead(kind: ValueType) -> str:
    return "use contains (or not contains), exists or missing" if kind == "list" else "use eq"
