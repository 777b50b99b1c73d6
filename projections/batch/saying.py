"""What is judged person by person: by her words alone, or, where SQL cannot say it, by her whole history."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.kinds import Known
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import soonest
from domain.kernel.rules.standing import per_day
from domain.kernel.rules.tree import Context, Level, Measure, Rule
from domain.kernel.rules.world import World
from projections.batch.compiling.asking import Leaf
from projections.batch.compiling.compiled import Kind, Needs
from projections.batch.compiling.instants import EPOCH
from projections.batch.compiling.rows import FieldColumn

KIND_OF: Final[Mapping[type, Kind]] = {bool: "flag", int: "number", float: "number", str: "text", tuple: "texts"}
SAID_ARROW: Final[Mapping[Kind, pa.DataType]] = {
    "number": pa.float64(),
    "text": pa.string(),
    "flag": pa.bool_(),
    "texts": pa.list_(pa.string()),
}
_RULES: Final = Rule.__args__


class Judged(NamedTuple):
    """What each leaf is of a person, and an instant up to which none of them changes by itself (None: never does)."""

    leaves: list[Known]
    due: datetime | None


class Judge:
    """Judges leaves, made ready once."""

    def __init__(self, leaves: Sequence[Leaf], world: World, due_after: datetime | None = None) -> None:
        """Take leaves in the order of their numbers; `due_after` asks when those of that instant change by themselves.

        Of days that are counted that is when the count ends, not each midnight; what circumstances do, and edges of
        windows, is not told.
        """
        self._leaves = leaves
        self._world = world
        rules: dict[str, Any] = {}
        values: dict[str, Any] = {}
        for number, leaf in enumerate(leaves):
            (rules if isinstance(leaf.node, _RULES) else values)[str(number)] = leaf.node
        self._plan = Plan(rules, values)
        self._changing = [
            (number, leaf)
            for number, leaf in enumerate(leaves)
            if leaf.at == due_after and not isinstance(leaf.node, Context | Measure)
        ]

    def judged(self, history: History, ruled_out: Collection[int] = ()) -> Judged:
        """Return what each leaf is of a person; rules that are `ruled_out` (by number) do not hold."""
        person = self._plan.person(history, self._world)
        moments = {at: person.at(at) for at in {leaf.at for leaf in self._leaves}}
        found: list[Known] = []
        for number, leaf in enumerate(self._leaves):
            key, moment = str(number), moments[leaf.at]
            if number in ruled_out:
                found.append(False)
                continue
            is_rule = isinstance(leaf.node, _RULES)
            found.append(self._plan.holds(key, moment) if is_rule else self._plan.value_of(key, moment))
        changing = ((number, leaf) for number, leaf in self._changing if number not in ruled_out)
        return Judged(found, soonest(self._change(number, leaf, moments[leaf.at]) for number, leaf in changing))

    def _change(self, number: int, leaf: Leaf, moment: Moment) -> datetime | None:
        if isinstance(leaf.node, _RULES):
            return self._plan.rules[str(number)].change(moment)
        part = self._plan.values[str(number)]
        if per_day(leaf.node) and part.turn is not None:
            return part.turn(moment, lambda _: True, ())
        return part.change(moment)


def said_table(numbers: Sequence[int], judged: Iterable[Judged], leaves: int) -> pa.Table:
    """Return the table `said`: for each person (by number) the columns of all leaves."""
    columns: dict[str, list[Any]] = {f"l{i}_{kind}": [] for i in range(leaves) for kind in SAID_ARROW}
    for one in judged:
        for i, value in enumerate(one.leaves):
            told = None if value is None else KIND_OF[type(value)]
            for kind in SAID_ARROW:
                columns[f"l{i}_{kind}"].append(value if kind == told else None)
    types = {f"l{i}_{kind}": type_ for i in range(leaves) for kind, type_ in SAID_ARROW.items()}
    arrays = {name: pa.array(values, types[name]) for name, values in columns.items()}
    return pa.table({"n_said": pa.array(numbers, pa.int32()), **arrays})


def with_rows(
    histories: Mapping[int, History], rows: Mapping[Level, pa.Table], needs: Needs
) -> Iterator[tuple[int, History]]:
    """Yield the people with what they did, as far as the fields are asked for."""
    happened = {level: _occurrences(table, needs.columns[level]) for level, table in rows.items()}
    for n, history in histories.items():
        events, items = (happened[level].get(n, ()) for level in ("events", "items"))
        yield n, msgspec.structs.replace(history, events=events, items=items)


def _occurrences(table: pa.Table, columns: Mapping[str, FieldColumn]) -> dict[int, list[Occurrence]]:
    found: dict[int, list[Occurrence]] = {}
    for row in table.to_pylist():
        told = {one.field: value for name, one in columns.items() if (value := row[name]) is not None}
        found.setdefault(row["n"], []).append(Occurrence(_instant(row["at"]), 0, row["name"], told))
    return found


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
