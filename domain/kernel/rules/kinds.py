"""Texts, numbers and truth values, told apart: 1 is not True, and neither is "1"."""

from collections.abc import Callable
from typing import Any, Final

Known = str | int | float | bool | tuple[str, ...] | None

# Of values of several kinds truth values are the least, then numbers, then texts.
_KINDS: Final = {bool: 0, int: 1, float: 1, str: 2}
_LIST: Final = 3


def kind(value: Known) -> int | None:
    """Return a number that values of one kind share; None for what is missing."""
    return None if value is None else _KINDS.get(type(value), _LIST)


def place(value: Any) -> tuple[int, Any]:
    """Return the place of a value in the one order of all."""
    return (_KINDS[type(value)], value)


def number(value: Known) -> int | float | None:
    """Return the value if it is a number."""
    return value if value.__class__ is int or value.__class__ is float else None


def same(one: Known, other: Known) -> bool:
    """Say whether both are known, of one kind, and equal."""
    return one is not None and one == other and kind(one) == kind(other)


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Known, Known], bool]:
    """Return the comparison for two numbers or two texts; it is false of everything else."""

    def compared(one: Known, other: Known) -> bool:
        found = kind(one)
        return (found in _ORDERED) and found == kind(other) and compare(one, other)

    return compared


_ORDERED: Final = frozenset({1, 2})
