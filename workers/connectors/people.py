"""Whom the rows speak of: each distinct identifier is read and named once, then joined back as a table."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import duckdb
import pyarrow as pa

from domain.identity.identifier import BlankIdentifierError, IdentifierError, IdentifierType, identifier
from domain.identity.naming import Naming
from domain.ingestion.mapping import IdentifierColumn, Mapping
from workers.connectors.engine import count

_AT_ONCE = 50_000
_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("raw", pa.string()),
    pa.field("id", pa.string()),
    pa.field("value", pa.string()),
    pa.field("wrong", pa.bool_()),
]
_NAMED = pa.schema(_FIELDS)


def name_identifiers(
    engine: duckdb.DuckDBPyConnection,
    number: int,
    column: IdentifierColumn,
    place: tuple[str, str],
    naming: Naming,
    chosen: str,
) -> None:
    """Create `names<number>`: what stands in the column, the id and the value it means, and whether it is broken.

    `chosen` is the condition of the rows that matter.
    """
    text = f"CAST({place[0]} AS VARCHAR)"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE spellings AS SELECT DISTINCT {text} AS raw FROM raw r WHERE {chosen}")
    engine.execute(f"CREATE TABLE names{number} (raw VARCHAR, id UUID, value VARCHAR, wrong BOOLEAN)")
    for first in range(0, count(engine, "SELECT count(*) FROM spellings"), _AT_ONCE):
        within = f"rowid BETWEEN {first} AND {first + _AT_ONCE - 1}"
        some = f"SELECT raw FROM spellings WHERE {within} AND trim(raw) <> ''"
        named = _named([str(raw) for (raw,) in engine.execute(some).fetchall()], column, naming)
        engine.register("named", named)
        engine.execute(f"INSERT INTO names{number} SELECT raw, CAST(id AS UUID), value, wrong FROM named")
        engine.unregister("named")
    engine.execute("DROP TABLE spellings")


def _named(spellings: Sequence[str], column: IdentifierColumn, naming: Naming) -> pa.Table:
    ids: list[str | None] = []
    values: list[str | None] = []
    wrong: list[bool] = []
    for raw in spellings:
        customer_id = value = None
        is_wrong = False
        try:
            one = identifier(column.type, column.prefix + raw, default_region=column.region)
        except BlankIdentifierError:
            pass  # it stands there to say that nobody is meant
        except IdentifierError:
            is_wrong = True
        else:
            customer_id, value = str(naming.customer_id(one)), one.value
        ids.append(customer_id)
        values.append(value)
        wrong.append(is_wrong)
    return pa.Table.from_pydict({"raw": list(spellings), "id": ids, "value": values, "wrong": wrong}, schema=_NAMED)


def mark(
    engine: duckdb.DuckDBPyConnection,
    identifiers: Sequence[IdentifierColumn],
    places: Sequence[tuple[str, str]],
    group: Sequence[tuple[str, str]],
    chosen: str,
) -> None:
    """Create `marks`: for each row (`ordinal`) the customer (`who`), all ids, and the `first` row of its group.

    What says nothing new is left out, see `marks_of`: there may be ten million rows.
    """
    columns = ["r.rowid AS ordinal"]
    if len(identifiers) > 1:
        columns.append(f"{_strongest(identifiers)} AS who")
    joins = []
    for i, (one, place) in enumerate(zip(identifiers, places, strict=True)):
        alone = f"CASE WHEN {_strongest(identifiers, fallback=False)} IS NULL THEN n{i}.id END"
        columns.append(f"{alone if one.fallback else f'n{i}.id'} AS id{i}")
        columns.append(f"coalesce(n{i}.wrong, false) AS wrong{i}")
        joins.append(f"LEFT JOIN names{i} n{i} ON n{i}.raw = CAST({place[0]} AS VARCHAR)")
    if group:
        keys = [f"{place[0]} AS g{i}" for i, place in enumerate(group)]
        engine.execute(
            f"CREATE TABLE groups AS SELECT {', '.join(keys)}, min(r.rowid) AS first FROM raw r GROUP BY ALL"
        )
        same = " AND ".join(f"g.g{i} = {place[0]}" for i, place in enumerate(group))
        joins.append(f"LEFT JOIN groups g ON {same}")
        # A row without its group's key stands alone; it is broken, and must not be lost.
        columns.append("coalesce(g.first, r.rowid) AS first")
    engine.execute(f"CREATE TABLE marks AS SELECT {', '.join(columns)} FROM raw r {' '.join(joins)} WHERE {chosen}")


def marks_of(mapping: Mapping) -> list[str]:
    """Return what a query of `marks m` selects: `ordinal`, `first`, `who`, `id0`, `wrong0` ..."""
    ids = [f"m.{name}{i}" for i in range(len(mapping.identifier)) for name in ("id", "wrong")]
    who = {0: "CAST(NULL AS UUID)", 1: "m.id0"}.get(len(mapping.identifier), "m.who")
    return ["m.ordinal", f"{'m.first' if mapping.group_by else 'm.ordinal'} AS first", f"{who} AS who", *ids]


def _strongest(identifiers: Sequence[IdentifierColumn], *, fallback: bool = True) -> str:
    """Return the id of a row's strongest identifier: by kind, then by value; a fallback only where nothing else is."""
    chosen = sorted(
        (one.fallback, IdentifierType(one.type).rank, i)
        for i, one in enumerate(identifiers)
        if fallback or not one.fallback
    )
    kinds = [_smallest([i for *_, i in same]) for _, same in groupby(chosen, key=lambda one: one[:2])]
    return f"coalesce({', '.join(kinds)})" if kinds else "CAST(NULL AS UUID)"


def _smallest(numbers: Sequence[int]) -> str:
    first, *rest = numbers
    chosen = f"n{first}.id"
    value = f"n{first}.value"
    for i in rest:
        chosen = f"CASE WHEN n{i}.id IS NULL OR {value} <= n{i}.value THEN {chosen} ELSE n{i}.id END"
        value = f"least({value}, n{i}.value)"
    return chosen
