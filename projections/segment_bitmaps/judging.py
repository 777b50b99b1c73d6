"""Whom a rule over tags means, by bitmaps alone."""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from domain.kernel.rules.tree import All, AnyOf, Compare, Constant, InSegment, Node, Not, Rule, Scalar, Tag
from projections.segment_bitmaps.numbers import Numbers
from projections.segment_bitmaps.words import TooManyWordsError, Words


class NotIndexedError(Exception):
    """The rule asks for something that no bitmap says; `part` is what."""

    def __init__(self, part: str) -> None:
        """Keep what it is."""
        super().__init__(part)
        self.part = part


class Run(Protocol):
    """A run of the tags, whose rows are people in an order that never changes."""

    @property
    def people(self) -> int:
        """How many rows there are."""
        ...

    def column(self, key: str) -> "pa.Array[Any] | None":
        """Return a tag's values in the order of the rows, null where missing; None if the run has no such tag."""
        ...


class Bitmaps:
    """The bitmaps of one run, made when first asked for."""

    def __init__(self, run: Run, segments: Mapping[str, BitMap] | None = None) -> None:
        """Take the run, and the rows of people in segments that are not told by rules."""
        self._run = run
        self._segments = segments or {}
        self._columns: dict[str, Numbers | Words] = {}
        self.everybody = BitMap()
        self.everybody.add_range(0, run.people)

    def count(self, rule: Rule) -> int:
        """Return how many people the rule means; raises `NotIndexedError`."""
        return len(self.meant(rule))

    def meant(self, rule: Rule) -> BitMap:
        """Return the rows of the people whom the rule means; raises `NotIndexedError`."""
        match rule:
            case All(of=rules):
                return self._all(rules)
            case AnyOf(of=rules):
                return BitMap.union(*found) if (found := [self.meant(one) for one in rules]) else BitMap()
            case Not(of=one):
                return self.everybody - self.meant(one)
            case InSegment(key=key) if key in self._segments:
                return self._segments[key]
            case Compare(left=Tag(key=key)) if not isinstance(rule.right, Node) or isinstance(rule.right, Constant):
                return self._compared(self._column(key), rule)
            case _:
                raise NotIndexedError(str(rule.__struct_config__.tag))

    def _all(self, rules: Iterable[Rule]) -> BitMap:
        """Who is meant by all; those of a negated rule are taken away, which spares a bitmap of everybody else."""
        wanted = [self.meant(one) for one in rules if not isinstance(one, Not)]
        unwanted = [self.meant(one.of) for one in rules if isinstance(one, Not)]
        # The smallest first: what is left only gets smaller.
        kept = reduce(lambda left, right: left & right, sorted(wanted, key=len)) if wanted else self.everybody
        return reduce(lambda left, right: left - right, unwanted, kept)

    def _column(self, key: str) -> Numbers | Words:
        if key not in self._columns:
            values = self._run.column(key)
            if values is None:
                raise NotIndexedError(f"tag {key}")
            self._columns[key] = _indexed(key, values)
        return self._columns[key]

    def _compared(self, column: Numbers | Words, rule: Compare) -> BitMap:
        if rule.op == "exists":
            return column.present
        if rule.op == "missing":
            return self.everybody - column.present
        wanted = _written(rule)
        if rule.op in {"ne", "not_in"}:
            return self.everybody - _having(column, wanted)
        if rule.op in {"eq", "in"}:
            return _having(column, wanted)
        if isinstance(column, Words):
            return column.having([one for one in column.all if _of_word(rule.op, one, wanted)])
        return _of_number(rule.op, column, wanted)


def _written(rule: Compare) -> tuple[Scalar, ...]:
    """Return what is written down to compare with."""
    match rule.right:
        case Constant(value=value):
            return (value,)
        case tuple() as values:
            return values
        case str() | int() | float() as value:
            return (value,)
        case _:
            return ()


def _indexed(key: str, values: "pa.Array[Any]") -> Numbers | Words:
    rows = np.flatnonzero(pc.is_valid(values).to_numpy(zero_copy_only=False)).astype(np.uint32)
    present = values.drop_null()
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_boolean(values.type):
        try:
            return Words(rows, present)
        except TooManyWordsError:
            raise NotIndexedError(f"tag {key}") from None
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise NotIndexedError(f"tag {key}")
    return Numbers(rows, present.to_numpy(zero_copy_only=False).astype(np.float64))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _having(column: Numbers | Words, wanted: Iterable[Scalar]) -> BitMap:
    if isinstance(column, Words):
        return column.having(wanted)
    found = [column.between(one, one) for one in wanted if isinstance(one, int | float) and _is_number(one)]
    return BitMap.union(*found) if found else BitMap()


def _of_number(op: str, column: Numbers, wanted: tuple[Scalar, ...]) -> BitMap:
    numbers = [float(one) for one in wanted if _is_number(one)]
    if len(numbers) != len(wanted) or not numbers:
        return BitMap()
    if op == "between":
        return column.between(*numbers)
    if op in {"lt", "lte"}:
        return column.below(numbers[0], inclusive=op == "lte")
    if op in {"gt", "gte"}:
        return column.present - column.below(numbers[0], inclusive=op == "gt")
    return BitMap()


_ORDERS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "lt": lambda word, wanted: word < wanted,
    "lte": lambda word, wanted: word <= wanted,
    "gt": lambda word, wanted: word > wanted,
    "gte": lambda word, wanted: word >= wanted,
    "contains": lambda word, wanted: wanted in word,
    "starts_with": lambda word, wanted: word.startswith(wanted),
}


def _of_word(op: str, word: object, wanted: tuple[Scalar, ...]) -> bool:
    texts = [one for one in wanted if isinstance(one, str)]
    if not isinstance(word, str) or len(texts) != len(wanted) or not texts:
        return False
    if op == "between":
        return texts[0] <= word <= texts[1]
    return _ORDERS[op](word, texts[0])
