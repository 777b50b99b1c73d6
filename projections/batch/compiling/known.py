"""A value in SQL: up to four columns, one for each kind it may be of, of which at most one tells anything.

So texts, numbers and truth values are never compared with each other, as in `domain.kernel.rules`.
"""

from collections.abc import Iterable
from typing import Any, Final

import ibis
import msgspec

from domain.kernel.rules.tree import Operator, Scalar

# Columns of ibis: its types say less than they could, so they stay in here.
Column = Any
NEVER: Final = ibis.literal(False)  # noqa: FBT003 - a literal
ALWAYS: Final = ibis.literal(True)  # noqa: FBT003 - a literal


class Known(msgspec.Struct, frozen=True):
    """The columns by kind; None: it is never of that kind."""

    number: Column = None
    text: Column = None
    flag: Column = None
    texts: Column = None

    @property
    def columns(self) -> dict[str, Column]:
        """The kinds it may be of."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}

    @property
    def exists(self) -> Column:
        """Whether anything is known."""
        return any_of(one.notnull() for one in self.columns.values())


def constant(value: Scalar) -> Known:
    """Return a value that is written down."""
    if isinstance(value, bool):
        return Known(flag=ibis.literal(value))
    if isinstance(value, str):
        return Known(text=ibis.literal(value))
    return Known(number=ibis.literal(float(value), type="float64") if isinstance(value, float) else _whole(value))


def _whole(value: int) -> Column:
    return ibis.literal(value, type="int64") if abs(value) < 2**63 else ibis.literal(float(value), type="float64")


def all_of(rules: Iterable[Column]) -> Column:
    """Return whether every one holds."""
    found = None
    for rule in rules:
        found = rule if found is None else found & rule
    return ALWAYS if found is None else found


def any_of(rules: Iterable[Column]) -> Column:
    """Return whether one holds."""
    found = None
    for rule in rules:
        found = rule if found is None else found | rule
    return NEVER if found is None else found


def compared(left: Known, op: Operator, right: Known | tuple[Known, ...] | None) -> Column:  # noqa: PLR0911 - one way out for each operator
    """Return whether the comparison holds; what is missing fulfils only `missing`, `ne` and `not_in`."""
    match op, right:
        case "exists", _:
            return left.exists
        case "missing", _:
            return ~left.exists
        case (("in" | "not_in"), tuple()):
            found = any_of(_among(left, right))
            return found if op == "in" else ~found
        case "between", (low, high):
            return compared(left, "gte", low) & compared(left, "lte", high)
        case "ne", Known():
            return ~compared(left, "eq", right)
        case _, Known():
            return any_of(_two(left, op, right))
    return NEVER


def _among(left: Known, members: tuple[Known, ...]) -> Iterable[Column]:
    for name, column in left.columns.items():
        written = [one.columns[name] for one in members if name in one.columns]
        if written and name != "texts":
            yield column.isin(written).fill_null(NEVER)


def _two(left: Known, op: Operator, right: Known) -> Iterable[Column]:
    for name, one in left.columns.items():
        other = right.text if op in {"contains", "starts_with"} else right.columns.get(name)
        if other is not None and (test := _TESTS.get((op, name))):
            yield test(one, other).fill_null(NEVER)


_TESTS: Final[dict[tuple[str, str], Any]] = {
    **{("eq", kind): lambda one, other: one == other for kind in ("number", "text", "flag", "texts")},
    **{("lt", kind): lambda one, other: one < other for kind in ("number", "text")},
    **{("lte", kind): lambda one, other: one <= other for kind in ("number", "text")},
    **{("gt", kind): lambda one, other: one > other for kind in ("number", "text")},
    **{("gte", kind): lambda one, other: one >= other for kind in ("number", "text")},
    ("contains", "text"): lambda one, other: one.contains(other),
    ("contains", "texts"): lambda one, other: one.contains(other),
    ("starts_with", "text"): lambda one, other: one.startswith(other),
}
