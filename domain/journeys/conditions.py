"""Conditions of triggers and branches: comparisons of one property with a value, all of which must hold.

Kept this small on purpose: the common rule language of segments and strategies takes its place.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

Scalar = str | int | float | bool | None
Operator = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "exists"]

AMOUNT = "amount"  # the fact's own amount in minor units, not a property of its body


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Compare a property of the fact, named by a dotted path (`cart.total`, `products.0.sku`), with a value.

    `amount` is the fact's amount in minor units (fen). What is missing, or of another kind than the value, fulfils only
    `ne` and `exists` with the value false.
    """

    property: str
    op: Operator = "eq"
    value: Scalar | tuple[Scalar, ...] = True


def hold(conditions: Iterable[Condition], amount: int | None, properties: Mapping[str, Any]) -> bool:
    """Whether all of them hold for a fact with this amount and these properties."""
    return all(_holds(condition, found(condition.property, amount, properties)) for condition in conditions)


def found(path: str, amount: int | None, properties: Mapping[str, Any]) -> object:
    """Return the value at a dotted path, or None; a property whose own name has dots is found as well."""
    if path == AMOUNT and amount is not None:
        return amount
    if path in properties:
        return properties[path]
    value: object = properties
    for step in path.split("."):
        match value:
            case Mapping():
                value = value.get(step)
            case list() | tuple() if step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            case _:
                return None
    return value


def picked(paths: Iterable[str], amount: int | None, properties: Mapping[str, Any]) -> dict[str, Scalar]:
    """Return the plain values at these paths by path: what is worth keeping of a fact."""
    values = {path: found(path, amount, properties) for path in sorted(paths)}
    return {path: value for path, value in values.items() if isinstance(value, str | int | float)}


def _holds(condition: Condition, value: object) -> bool:
    wanted = condition.value
    match condition.op:
        case "exists":
            return (value is not None) == bool(wanted)
        case "eq":
            return _same(value, wanted)
        case "ne":
            return not _same(value, wanted)
        case "in":
            return isinstance(wanted, tuple) and any(_same(value, one) for one in wanted)
        case order:
            return _comparable(value, wanted) and _ORDERS[order](value, wanted)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def _same(value: object, wanted: object) -> bool:
    # In Python True == 1; in a retailer's data they are different things.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _comparable(value: object, wanted: object) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return False
    numbers = isinstance(value, int | float) and isinstance(wanted, int | float)
    return numbers or (isinstance(value, str) and isinstance(wanted, str))
