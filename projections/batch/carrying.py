"""What of a build is carried over into the next one, what is worked out again from it, and what must be asked anew."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import ibis
import msgspec
import pyarrow as pa

from domain.kernel.rules.standing import Crossing, Passage, crossings, is_steady, per_day, pieces
from domain.kernel.rules.tree import Compare, Constant, Context, InSegment, Node, Prediction, Rule, Tag
from domain.kernel.rules.walking import inside
from domain.kernel.rules.world import World
from projections.batch.columns import PLACE, Columns, kept_of, known_by
from projections.batch.compiling import scalars
from projections.batch.compiling.compiled import Kind, output
from projections.batch.compiling.known import Column, Known
from projections.batch.compiling.scalars import CannotCompileError
from projections.batch.duck import opened_duckdb
from projections.batch.saying import KIND_OF, SAID_ARROW

_RULES: Final = Rule.__args__
_TYPES: Final = {
    pa.int64(): "int64",
    pa.float64(): "float64",
    pa.string(): "string",
    pa.bool_(): "boolean",
}
# Values that look at these may be others where the mark of this name is another.
MARKED: Final[Mapping[str, type[Node]]] = {"lists": InSegment, "models": Prediction}


class Followed(msgspec.Struct, frozen=True):
    """A column that follows the clock, over columns of the last build: `node` names those as tags."""

    node: Node
    kind: Kind | None


class Carrying(msgspec.Struct, frozen=True):
    """What becomes of each column: `kept` as it was (by its name in the last build), `followed`, or asked `anew`."""

    passage: Passage
    kept: Mapping[str, str]
    followed: Mapping[str, Followed]
    sources: Mapping[str, "Source"]
    place: str | None
    anew: frozenset[str]
    crossings: tuple[Crossing, ...]

    @property
    def looks_around(self) -> bool:
        """Whether anything that follows the clock is a circumstance."""
        return any(isinstance(one, Context) for value in self.followed.values() for _, one in inside(value.node))


class Source(msgspec.Struct, frozen=True):
    """Where a piece is in the last build: its columns by kind, and what is added to it for each day."""

    columns: Mapping[Kind, str]
    per_day: int


def carrying(columns: Columns, before: Mapping[str, str], passage: Passage, changed: Collection[str]) -> Carrying:
    """Return what becomes of the columns, given by what those of the last build are known.

    `changed` are the marks (`MARKED`) that are others than then.
    """
    there = {known: name for name, known in before.items()}
    sources = _Sources(there, passage)
    moving = tuple(kind for mark, kind in MARKED.items() if mark in changed)
    kept: dict[str, str] = {}
    followed: dict[str, Followed] = {}
    found: dict[Crossing, None] = {}
    for name, node in columns.nodes.items():
        if any(isinstance(one, moving) for _, one in inside(node)):
            continue
        known = columns.known[name]
        if is_steady(node, passage):
            if known not in there:
                continue
            kept[name] = there[known]
        elif (over := sources.over(node)) is not None:
            followed[name] = Followed(over, columns.asked.kinds.get(name))
        else:
            continue
        found |= dict.fromkeys(crossings(node, passage))
    anew = frozenset(columns.known) - kept.keys() - followed.keys()
    place = there.get(known_by(PLACE, "text"))
    return Carrying(passage, kept, followed, sources.found, place, anew, tuple(found))


class _Sources:
    """The pieces that are asked for, by the name that stands for them."""

    def __init__(self, there: Mapping[str, str], passage: Passage) -> None:
        self._there = there
        self._passage = passage
        self.found: dict[str, Source] = {}

    def over(self, node: Node) -> Any:
        """Return the value or rule with names in place of its pieces; None if one of them is missing."""
        every = pieces(node, self._passage)
        if every is None:
            return None
        named = {id(piece): self._named(piece) for piece in every}
        return None if None in named.values() else _exchanged(node, named)

    def _named(self, piece: Node) -> Node | None:
        columns = {kind: self._there.get(known_by(one, kind)) for one, kind in kept_of(piece)}
        if None in columns.values():
            return None
        if isinstance(piece, Context):
            return piece
        is_rule = isinstance(piece, _RULES)
        key = known_by(piece, "rule" if is_rule else "text")
        found: dict[Any, Any] = {"flag" if kind == "rule" else kind: name for kind, name in columns.items()}
        self.found[key] = Source(found, per_day(piece))
        return Compare(left=Tag(key=key), right=True) if is_rule else Tag(key=key)


def _exchanged(part: Any, named: Mapping[int, Node | None]) -> Any:
    if isinstance(part, Constant):
        return part
    if id(part) in named:
        return named[id(part)]
    if isinstance(part, tuple):
        return tuple(_exchanged(one, named) for one in part)
    if not isinstance(part, msgspec.Struct):
        return part
    fields = {name: _exchanged(getattr(part, name), named) for name in part.__struct_fields__}
    return msgspec.structs.replace(part, **fields)


def followed(carried: Carrying, before: pa.Table, world: World) -> pa.Table:
    """Return the columns that follow the clock, for the rows of the last build, in their order. Blocks."""
    if not carried.followed:
        return pa.table({})
    used = {name for one in carried.sources.values() for name in one.columns.values()}
    table = before.select(sorted(used))
    for name, column in _around(carried, before, world):
        table = table.append_column(name, column)
    # Without a column there would be no rows.
    table = table.append_column("row", pa.array(range(before.num_rows), pa.int64()))
    scope = _Before(
        ibis.table({one.name: _TYPES.get(one.type, "array<string>") for one in table.schema}, name="before"), carried
    )
    now = carried.passage.later
    selected = {name: _column(one, now, scope) for name, one in carried.followed.items()}
    with opened_duckdb() as connection:
        connection.register("before", table)
        expression = scope.table.order_by("row").select(**selected)
        found: pa.Table = connection.sql(str(ibis.to_sql(expression, dialect="duckdb"))).to_arrow_table()
        return found


def _column(one: Followed, now: datetime, scope: "_Before") -> Column:
    if isinstance(one.node, _RULES):
        return scalars.rule(one.node, now, scope)
    return output(scalars.value(one.node, now, scope), one.kind)  # type: ignore[arg-type] # no rule: a value


class _Before:
    """The columns of the last build as the values they are of today."""

    def __init__(self, table: Any, carried: Carrying) -> None:
        self.table = table
        self._carried = carried

    def value(self, node: Any, now: datetime) -> Known:  # noqa: ARG002 - the passage says which instant
        """Return a piece, or a circumstance."""
        if isinstance(node, Context):
            return Known(**{kind: self.table[_named(node.name, kind)] for kind in SAID_ARROW})
        if not isinstance(node, Tag):
            raise CannotCompileError(f"{type(node).__name__} was not kept")
        source = self._carried.sources[node.key]
        columns: dict[Kind, Column] = {kind: self.table[name] for kind, name in source.columns.items()}
        more = source.per_day * self._carried.passage.days
        return Known(**{kind: column + more if more else column for kind, column in columns.items()})

    def rule(self, node: Any, now: datetime) -> Column:  # noqa: ARG002 - likewise
        """Refuse: rules that were kept are values by now."""
        raise CannotCompileError(f"{type(node).__name__} was not kept")


def _around(carried: Carrying, before: pa.Table, world: World) -> Iterator[tuple[str, Any]]:
    """Yield the circumstances that are asked for, of the place where each person is."""
    nodes = (one for value in carried.followed.values() for _, one in inside(value.node))
    names = sorted({one.name for one in nodes if isinstance(one, Context)})
    if not names or carried.place is None:
        return
    places: list[str | None] = before[carried.place].to_pylist()
    number_of = {place: number for number, place in enumerate(dict.fromkeys(places))}
    told = [world.circumstances(place, carried.passage.later) for place in number_of]
    index = pa.array([number_of[place] for place in places], pa.int32())
    for name in names:
        values = [tuple(one) if isinstance(one := row.get(name), list) else one for row in told]
        for kind, type_ in SAID_ARROW.items():
            of_kind = [one if one is not None and KIND_OF[type(one)] == kind else None for one in values]
            yield _named(name, kind), pa.array(of_kind, type_).take(index)


def _named(name: str, kind: Kind) -> str:
    return f"around {name} {kind}"
