"""Rows that speak of somebody who was erased: dropped before anything is made of them, and kept nowhere."""

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

import duckdb
import pyarrow as pa

from domain.identity.identifier import IdentifierType
from domain.ingestion.mapping import Mapping
from workers.connectors.engine import count

# They name a thing that others use as well: whoever is named beside it is somebody else.
_THINGS: Final = frozenset({IdentifierType.DEVICE.value, IdentifierType.ANONYMOUS.value})


def suppress(engine: duckdb.DuckDBPyConnection, mapping: Mapping, ids: Collection[UUID]) -> int:
    """Take the rows that name an erased person out of `marks`, with their whole groups; return how many."""
    if not ids or not mapping.identifier:
        return 0
    engine.register("listed", pa.table({"id": [str(one) for one in ids]}))
    engine.execute("CREATE OR REPLACE TEMP TABLE suppressed AS SELECT CAST(id AS UUID) AS id FROM listed")
    engine.unregister("listed")
    before = count(engine, "SELECT count(*) FROM marks")
    hers = _hers(mapping)
    if mapping.group_by:
        engine.execute(f"DELETE FROM marks WHERE first IN (SELECT first FROM marks WHERE {hers})")
    else:
        engine.execute(f"DELETE FROM marks WHERE {hers}")
    for name in _columns(mapping, things=True):
        engine.execute(f"UPDATE marks SET {name} = NULL WHERE {_listed(name)}")
    return before - count(engine, "SELECT count(*) FROM marks")


def _hers(mapping: Mapping) -> str:
    """The condition that a row is the erased person's: as `commands.activity.admission` decides it."""
    persons, things = _columns(mapping, things=False), _columns(mapping, things=True)
    names_her = _any(map(_listed, persons))
    names_another = _any(f"({name} IS NOT NULL AND NOT {_listed(name)})" for name in persons)
    return f"({names_her}) OR (({_any(map(_listed, things))}) AND NOT ({names_another}))"


def _columns(mapping: Mapping, *, things: bool) -> list[str]:
    return [f"id{i}" for i, one in enumerate(mapping.identifier) if (one.type in _THINGS) == things]


def _listed(name: str) -> str:
    return f"({name} IS NOT NULL AND {name} IN (SELECT id FROM suppressed))"


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(conditions) or "false"
