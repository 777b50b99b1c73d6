"""Histories as staged rows, so that batch can be asked of people who were made up."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from domain.activity.fields import declared
from domain.kernel.rules.history import History, Word
from domain.kernel.rules.tree import Level
from domain.kernel.rules.world import World
from projections.batch.compiling.instants import day_number, micros
from projections.batch.directory import MEMBERS, TableDirectory
from projections.batch.lakehouse import Lakehouse
from projections.batch.staging.stage import Staged

_TYPES = {"text": pa.string(), "number": pa.float64(), "money": pa.int64(), "bool": pa.bool_()}


def lakehouse_of(histories: Mapping[str, History], world: World, joined: Mapping[str, str] | None = None) -> Lakehouse:
    """Everything that is known of these people, each made of one customer, not yet in files.

    `joined` says which of them are customers of another one.
    """
    owner = {one: one for one in histories} | dict(joined or {})
    levels = {level: _rows(level, histories, world.zone) for level in ("events", "items")}

    async def words(members: Mapping[str, Iterable[str]]) -> Mapping[str, History]:
        return {one: _words(one, [histories[customer] for customer in group]) for one, group in members.items()}

    return Lakehouse(
        files={"events": {}, "items": {}},
        tail=Staged(**levels, withdrawn=pa.table({"fact_id": pa.array([], pa.int64())})),
        directory=TableDirectory(pa.table([pa.array(owner.keys()), pa.array(owner.values())], schema=MEMBERS)),
        world=world,
        words=words,
    )


def _words(key: str, histories: Iterable[History]) -> History:
    found: dict[str, dict[Any, list[Word]]] = {}
    for family in ("attributes", "tags", "consents", "identifiers", "predictions", "segments"):
        of_family = found[family] = {}
        for history in histories:
            for name, words in getattr(history, family).items():
                of_family.setdefault(name, []).extend(words)
        for words in of_family.values():
            words.sort(key=lambda word: word.since)
    return History(profile_id=key, **found)  # type: ignore[arg-type] # each family has its own keys


def _rows(level: Level, histories: Mapping[str, History], zone: ZoneInfo) -> pa.Table:
    fields = declared().of(level)
    rows = [(key, one) for key, history in histories.items() for one in getattr(history, level)]
    columns: dict[str, pa.Array[Any]] = {
        "customer_id": pa.array([key for key, _ in rows], pa.string()),
        "fact_id": pa.array([one.fact_id for _, one in rows], pa.int64()),
        "at": pa.array([micros(one.occurred_at) for _, one in rows], pa.int64()),
        "day": pa.array([day_number(one.occurred_at, zone) for _, one in rows], pa.int32()),
        "name": pa.array([one.name for _, one in rows], pa.string()),
    }
    for name, field in fields.items():
        columns[f"f_{name}"] = pa.array([one.fields.get(name) for _, one in rows], _TYPES[field.type])
    return pa.table(columns)
