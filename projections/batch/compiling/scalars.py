"""Values made of values, and rules over them, wherever their leaves come from: a row of an event, or a person's row."""

import math
from datetime import datetime
from typing import Any, Final, Protocol

import ibis

from domain.kernel.rules.tree import (
    All,
    AnyOf,
    Arithmetic,
    Case,
    Compare,
    Constant,
    Node,
    Not,
    Part,
    Rule,
    Value,
    Weighted,
)
from projections.batch.compiling.known import NEVER, Column, Known, all_of, any_of, compared, constant

_LARGEST: Final = 1.7976931348623157e308
_INFINITE: Final = ibis.literal(math.inf)


class CannotCompileError(Exception):
    """A node that batch does not know where it stands: the rule was not resolved, or not checked."""


class Scope(Protocol):
    """Where leaves come from."""

    def value(self, node: Any, now: datetime) -> Known:
        """Return a value that is not made of others."""

    def rule(self, node: Any, now: datetime) -> Column:
        """Return a rule that is not made of others."""


def value(node: Value, now: datetime, scope: Scope) -> Known:
    """Return a value at an instant."""
    match node:
        case Constant():
            return constant(node.value)
        case Arithmetic():
            return _arithmetic(node, now, scope)
        case Case():
            return _case(node, now, scope)
        case Weighted():
            return _weighted(node, now, scope)
        case _:
            return scope.value(node, now)


def rule(node: Rule, now: datetime, scope: Scope) -> Column:
    """Return whether a rule holds at an instant: true or false, never missing."""
    match node:
        case All():
            return all_of(rule(one, now, scope) for one in node.of)
        case AnyOf():
            return any_of(rule(one, now, scope) for one in node.of)
        case Not():
            return ~rule(node.of, now, scope)
        case Compare():
            return compared(value(node.left, now, scope), node.op, _right(node, now, scope))
        case _:
            return scope.rule(node, now)


def _right(node: Compare, now: datetime, scope: Scope) -> Known | tuple[Known, ...] | None:
    if isinstance(node.right, Node):
        return value(node.right, now, scope)
    if isinstance(node.right, tuple):
        return tuple(constant(one) for one in node.right)
    return None if node.right is None else constant(node.right)


def _arithmetic(node: Arithmetic, now: datetime, scope: Scope) -> Known:
    number = _number(node, now, scope)
    return Known() if number is None else Known(number=_finite(number))


def _number(node: Value, now: datetime, scope: Scope) -> Column:
    """Return a number that is infinite, or none, where arithmetic does not come to a finite one; None: never any.

    It stays so in whatever is added or multiplied, so it is looked at once, at the end: looking names it twice, and
    sums in sums would grow with every level to twice what they were.
    """
    if not isinstance(node, Arithmetic):
        found = value(node, now, scope).number
        return None if found is None else found.cast("float64")
    left, right = _number(node.left, now, scope), _number(node.right, now, scope)
    if left is None or right is None:
        return None
    match node.op:
        case "add":
            return left + right
        case "subtract":
            return left - right
        case "multiply":
            return left * right
        case "divide":
            # Dividing by what is infinite would be nothing again; its remainder is none. Dividing by zero is infinite.
            return left / (right % _INFINITE if isinstance(node.right, Arithmetic) else right)


def _finite(number: Column) -> Column:
    return (number.abs() <= _LARGEST).ifelse(number, ibis.null("float64"))


def _case(node: Case, now: datetime, scope: Scope) -> Known:
    """Return the first case's value; each kind is a CASE of its own, missing where the case is of another."""
    rules = [rule(one.rule, now, scope) for one in node.cases]
    values = [value(one.then, now, scope) for one in node.cases]
    otherwise = Known() if node.otherwise is None else value(node.otherwise, now, scope)
    kinds = {kind: None for one in (*values, otherwise) for kind in one.columns}
    return Known(**{kind: _branches(kind, rules, values, otherwise) for kind in kinds})


def _branches(kind: str, rules: list[Column], values: list[Known], otherwise: Known) -> Column:
    type_ = {"number": "float64", "text": "string", "flag": "boolean", "texts": "array<string>"}[kind]

    def one_of(known: Known) -> Column:
        column = known.columns.get(kind)
        return ibis.null(type_) if column is None else column.cast(type_)

    branches = [(test, one_of(known)) for test, known in zip(rules, values, strict=True)]
    return ibis.cases(*branches, else_=one_of(otherwise)) if branches else one_of(otherwise)


def _weighted(node: Weighted, now: datetime, scope: Scope) -> Known:
    total = ibis.literal(0.0)
    for part in node.parts:
        total = total + _part(part, now, scope)
    least, most = (ibis.literal(float(bound)) for bound in (node.least, node.most))
    return Known(number=ibis.greatest(least, ibis.least(most, total)))


def _part(part: Part, now: datetime, scope: Scope) -> Column:
    weight = ibis.literal(float(part.weight))
    adds = weight
    if part.value is not None:
        number = value(part.value, now, scope).number
        adds = ibis.literal(0.0) if number is None else _finite(number.cast("float64") * weight).fill_null(0.0)
    holds = None if part.rule is None else rule(part.rule, now, scope)
    return adds if holds is None else holds.fill_null(NEVER).ifelse(adds, ibis.literal(0.0))
