"""What is judged person by person: by her words alone, or, where SQL cannot say it, by her whole history."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa

from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.kinds import Known
from domain.kernel.rules.tree import Level, Rule
from domain.kernel.rules.world import World
from projections.batch.compiling.asking import Leaf
from projections.batch.compiling.compiled import Needs
from projections.batch.compiling.instants import EPOCH
from projections.batch.compiling.rows import FieldColumn

_KINDS: Final = {bool: "flag", int: "number", float: "number", str: "text", tuple: "texts"}
_TYPES: Final = {"number": pa.float64(), "text": pa.string(), "flag": pa.bool_(), "texts": pa.list_(pa.string())}
_RULES: Final = Rule.__args__


class Judge:
    """Judges leaves, made ready once."""

    def __init__(self, leaves: Sequence[Leaf], world: World) -> None:
        """Take leaves in the order of their numbers."""
        self._leaves = leaves
        self._world = world
        rules: dict[str, Any] = {}
        values: dict[str, Any] = {}
        for number, leaf in enumerate(leaves):
            (rules if isinstance(leaf.node, _RULES) else values)[str(number)] = leaf.node
        self._plan = Plan(rules, values)

    def judged(self, history: History, ruled_out: Collection[int] = ()) -> list[Known]:
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
        return found


def said_table(numbers: Sequence[int], judged: Iterable[Sequence[Known]], leaves: int) -> pa.Table:
    """Return the table `said`: for each person (by number) the columns of all leaves."""
    columns: dict[str, list[Any]] = {f"l{i}_{kind}": [] for i in range(leaves) for kind in _TYPES}
    for known in judged:
        for i, value in enumerate(known):
            told = None if value is None else _KINDS[type(value)]
            for kind in _TYPES:
                columns[f"l{i}_{kind}"].append(value if kind == told else None)
    types = {name: _TYPES[name.partition("_")[2]] for name in columns}
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
