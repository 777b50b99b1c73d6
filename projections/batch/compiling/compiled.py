"""Rules and values of people, compiled into one query over the tables events, items, people and said."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import ibis
import msgspec
import pyarrow as pa

from domain.activity.fields import Fields
from domain.kernel.rules.tree import AsOf, Attribute, HasBeen, Level, Measure, Node, Rule, Sequence, Value
from projections.batch.compiling import scalars, sequences
from projections.batch.compiling.asking import (
    KNOWN_DAYS,
    Asked,
    Leaf,
    asked_of,
    instant_of,
    is_odd,
    is_said,
    leaves,
    parts_of,
)
from projections.batch.compiling.extent import bounded
from projections.batch.compiling.joining import Joined, joined
from projections.batch.compiling.known import NEVER, Column, Known
from projections.batch.compiling.measures import Measures, wanted
from projections.batch.compiling.rows import FieldColumn, Rows, columns_of
from projections.batch.compiling.scalars import CannotCompileError

LEVELS: Final[tuple[Level, ...]] = ("events", "items")
Kind = Literal["number", "text", "flag", "texts"]
# The columns of a leaf in `said`, by what kind of value it is.
SAID_TYPES: Final[dict[Kind, str]] = {
    "number": "float64",
    "text": "string",
    "flag": "boolean",
    "texts": "array<string>",
}


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What the query reads: events by level, their columns, and leaves with their number in `said`."""

    asked: Mapping[Level, Asked]
    columns: Mapping[Level, Mapping[str, FieldColumn]]
    leaves: tuple[Leaf, ...]


class Compiler:
    """Compiles values and rules as of `now` (UTC); `expression` is the query, `needs` what it reads."""

    def __init__(self, fields: Fields, told: frozenset[str], zone: ZoneInfo, now: datetime) -> None:
        self._fields = fields
        self._told = told
        self._zone = zone
        self._now = now

    def needs(self, nodes: "list[Node]") -> Needs:
        """Return what the nodes read."""
        asked = {level: asked_of(nodes, level) for level in LEVELS}
        found = {leaf.key: leaf for node in nodes for leaf in leaves(node, self._now, self._zone)}
        return Needs(
            asked=asked,
            columns={level: columns_of(level, asked[level].fields, self._fields) for level in LEVELS},
            leaves=tuple(found.values()),
        )

    def expression(
        self, values: Mapping[str, Value], rules: Mapping[str, Rule], kinds: Mapping[str, Kind]
    ) -> tuple[Any, Needs]:
        """Return the query, one row a person: profile_id and a column for each value and rule.

        `kinds` says of what kind a value is wanted; where it is not said, what may be of several kinds becomes a text.
        Raises `TooLargeError`.
        """
        nodes: list[Node] = [*values.values(), *rules.values()]
        needs = self.needs(nodes)
        scope = _Person(self, needs, self._told, self._zone)
        for node in nodes:
            scope.collect(node, self._now)
        whole = scope.join()
        columns = {key: output(scalars.value(node, self._now, scope), kinds.get(key)) for key, node in values.items()}
        columns |= {key: scalars.rule(node, self._now, scope) for key, node in rules.items()}
        return whole.select("profile_id", **{key: bounded(column) for key, column in columns.items()}), needs

    def sieves(self, needs: Needs) -> dict[int, Any]:
        """Return for odd leaves (by number) the query of the people (n) of whom alone they can hold.

        What has been so for days is so now: where SQL can say that much, few are left to be judged one by one.
        """
        found: dict[int, Any] = {}
        for number, leaf in enumerate(needs.leaves):
            node = leaf.node
            if isinstance(node, HasBeen) and not list(leaves(node.rule, leaf.at, self._zone)):
                scope = _Person(self, msgspec.structs.replace(needs, leaves=()), self._told, self._zone)
                scope.collect(node.rule, leaf.at)
                whole = scope.join()
                found[number] = whole.filter(scalars.rule(node.rule, leaf.at, scope)).select("n")
        return found


def output(known: Known, kind: Kind | None) -> Column:
    """Return a value as one column: that of a kind, or of values that may be of several kinds, their text."""
    if kind is not None:
        column = known.columns.get(kind)
        return ibis.null(SAID_TYPES[kind]) if column is None else column
    columns = list(known.columns.values())
    if not columns:
        return ibis.null("float64")
    if len(columns) == 1:
        return columns[0]
    return ibis.coalesce(*(one.cast("string") for one in columns))


def arrow_schema(expression: Any) -> pa.Schema:
    """Return the columns of a query: whole numbers as int64, other numbers as float64."""
    return pa.schema([(name, _arrow(type_)) for name, type_ in expression.schema().items()])


def _arrow(type_: Any) -> pa.DataType:
    if type_.is_integer():
        return pa.int64()
    if type_.is_numeric():
        return pa.float64()
    if type_.is_boolean():
        return pa.bool_()
    return pa.list_(pa.string()) if type_.is_array() else pa.string()


class _Person:
    """A person's row: measures and sequences joined to it, and what is said of her."""

    def __init__(self, _compiler: Compiler, needs: Needs, told: frozenset[str], zone: ZoneInfo) -> None:
        self._rows = {level: Rows.of(level, needs.columns[level]) for level in LEVELS}
        self._told = told
        self._zone = zone
        self._measures = Measures(self._rows, told)
        self._sequences: dict[tuple[bytes, datetime], tuple[str, Sequence]] = {}
        self._leaves = {leaf.key: number for number, leaf in enumerate(needs.leaves)}
        self._whole: Any = None

    def collect(self, node: Node, now: datetime) -> None:
        """Note what has to be joined."""
        match node:
            case _ if is_odd(node) or is_said(node):
                return
            case Measure():
                self._measures.want(wanted(node, now, self._zone), node.where)
            case Attribute():
                self.collect(KNOWN_DAYS, now)
            case Sequence():
                self._sequences.setdefault(_key(node, now), (f"q{len(self._sequences)}", node))
            case AsOf():
                if (at := instant_of(node, now, self._zone)) is not None:
                    self.collect(node.rule, at)
            case _:
                for part in parts_of(node):
                    self.collect(part, now)

    def join(self) -> Any:
        """Return the people with everything joined."""
        people: Any = ibis.table({"n": "int32", "profile_id": "string"}, name="people")
        if self._leaves:
            kinds = {f"l{i}_{kind}": type_ for i in self._leaves.values() for kind, type_ in SAID_TYPES.items()}
            said: Any = ibis.table({"n_said": "int32", **kinds}, name="said")
            people = people.join(said, [("n", "n_said")], how="left").select("n", "profile_id", *kinds)
        tables = self._measures.tables()
        for (_, now), (name, node) in zip(self._sequences, self._sequences.values(), strict=True):
            found = sequences.who(node, now, self._zone, self._rows, self._told)
            tables.append(Joined(found, {name: "n"}))
        self._whole = joined(people, tables)
        return self._whole

    def value(self, node: Any, now: datetime) -> Known:
        """Return a measure, or what is said."""
        if isinstance(node, Attribute) and not is_said(node):
            return self.value(KNOWN_DAYS, now)
        if isinstance(node, Measure) and not is_odd(node):
            return self._measures.known(wanted(node, now, self._zone), self._whole)
        if is_odd(node) or is_said(node):
            number = self._leaves[Leaf(node, now, is_odd=False).key]
            return Known(**{kind: self._whole[f"l{number}_{kind}"] for kind in SAID_TYPES})
        raise CannotCompileError(f"{type(node).__name__} cannot be asked of a person: is the rule resolved?")

    def rule(self, node: Any, now: datetime) -> Column:
        """Return whether a sequence holds, a rule at another instant, or what is said."""
        match node:
            case Sequence():
                return self._whole[self._sequences[_key(node, now)][0]].notnull()
            case AsOf():
                at = instant_of(node, now, self._zone)
                return NEVER if at is None else scalars.rule(node.rule, at, self)
            case _:
                return self.value(node, now).flag.fill_null(NEVER)


def _key(node: Sequence, now: datetime) -> tuple[bytes, datetime]:
    return (msgspec.json.encode(node), now)
