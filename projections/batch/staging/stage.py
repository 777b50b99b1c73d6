"""Stage the files of the lake: each becomes a file of events and one of items, once and for all."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domain.activity.fields import Fields
from domain.activity.occurrences import GROUPED_BY
from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.tree import Level
from domain.products import category_groups
from projections.batch.staging.extracting import MACROS, WITHDRAWN_SQL, events_sql, items_sql
from projections.lake.parquet import LakeFile
from projections.lake.reading import FACTS
from projections.lake.store import UrlStore

VERSION: Final = "v1"
_ROW_GROUP: Final = 131_072
_AT_ONCE: Final = 200_000  # rows
# Told after each file: how many of how many are staged.
Watch = Callable[[int, int], None]


class Staged(NamedTuple):
    """Facts as columns: events, items, and the ids of facts that were withdrawn, beside those of the withdrawals."""

    events: pa.Table
    items: pa.Table
    withdrawn: pa.Table


class Stager:
    """Turns facts into columns, as the fields, the vocabulary and the zone say; other ones stage into other files."""

    def __init__(self, fields: Fields, vocabulary: Vocabulary, zone: ZoneInfo) -> None:
        self._events = events_sql(fields, vocabulary, zone)
        self._items = items_sql(fields, vocabulary)
        groups = category_groups.declared().groups
        digest = hashlib.sha256(f"{MACROS}{self._events}{self._items}{WITHDRAWN_SQL}{groups}".encode()).hexdigest()[:12]
        self.prefix = f"staged/{VERSION}-{digest}"

    def staged(self, facts: pa.Table) -> Staged:
        """Return facts of the log as columns, in the order they come in. Blocks."""
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute(f"SET TimeZone = 'UTC'; SET enable_progress_bar = false; {MACROS}")
            connection.register("facts", facts)
            connection.execute(f"CREATE TEMP TABLE staged_events AS {self._events}")
            events = connection.sql("FROM staged_events").to_arrow_table()
            connection.execute(f"CREATE TEMP TABLE staged_items AS {self._items}")
            items = _grouped(connection)
            return Staged(events, items, connection.sql(WITHDRAWN_SQL).to_arrow_table())

    def stage(self, store: UrlStore, files: Iterable[LakeFile], watch: Watch) -> None:
        """Stage the files of facts that are not staged yet. Blocks; may be interrupted and begun again at any time."""
        wanted = list(files)
        done = self.done(store)
        missing = [file for file in wanted if self.path("events", file) not in done]
        number = len(wanted) - len(missing)
        for group in _groups(missing):
            facts = [_facts(store, file) for file in group]
            staged = self.staged(pa.concat_tables(facts))
            events, items = (_split(table, "fact_id", facts) for table in (staged.events, staged.items))
            withdrawn = _split(staged.withdrawn, "by", facts)
            for file, *tables in zip(group, events, items, withdrawn, strict=True):
                self._put(store, file, Staged(*tables))
                number += 1
                watch(number, len(wanted))

    def path(self, kind: str, file: LakeFile) -> str:
        """Return where a file's events (items, withdrawn) lie: in the folders of the file itself."""
        return f"{self.prefix}/{kind}/{file.path.partition('/facts/')[2]}"

    def done(self, store: UrlStore) -> frozenset[str]:
        """Return the staged files there are, relative to the lake."""
        root = store.path(self.prefix)
        try:
            found: list[str] = store.filesystem.find(root)
        except FileNotFoundError:
            return frozenset()
        base = store.path("").rstrip("/")
        return frozenset(one.removeprefix(base).lstrip("/") for one in found if one.endswith(".parquet"))

    def _put(self, store: UrlStore, file: LakeFile, staged: Staged) -> None:
        # The events last: whoever finds them finds the rest.
        tables: Mapping[str, pa.Table] = {"items": staged.items, "withdrawn": staged.withdrawn}
        store.put([(self.path(kind, file), _parquet(table)) for kind, table in tables.items() if table.num_rows])
        store.put([(self.path("events", file), _parquet(staged.events))])


def _groups(files: Iterable[LakeFile]) -> Iterator[list[LakeFile]]:
    """Yield some files at a time: making the query ready takes longer than a small file does."""
    group: list[LakeFile] = []
    rows = 0
    for file in files:
        if group and rows + file.rows > _AT_ONCE:
            yield group
            group, rows = [], 0
        group.append(file)
        rows += file.rows
    if group:
        yield group


def _facts(store: UrlStore, file: LakeFile) -> pa.Table:
    return pq.read_table(store.path(file.path), filesystem=store.filesystem, partitioning=None).cast(FACTS)


def _split(table: pa.Table, name: str, of: Sequence[pa.Table]) -> list[pa.Table]:
    """Return the rows that come from each of the tables of facts, in the order they have; `name` says from which."""
    ids = np.concatenate([facts["fact_id"].to_numpy() for facts in of])
    numbers = np.repeat(np.arange(len(of)), [facts.num_rows for facts in of])
    sorting = np.argsort(ids)
    origin = numbers[sorting][np.searchsorted(ids[sorting], table[name].to_numpy())]
    sorted_table = table.take(np.argsort(origin, kind="stable"))
    ends = np.searchsorted(np.sort(origin), np.arange(len(of) + 1))
    return [sorted_table.slice(low, high - low) for low, high in pairwise(ends)]


def levels(staged: Staged) -> dict[Level, pa.Table]:
    """Return the rows by level."""
    return {"events": staged.events, "items": staged.items}


def _grouped(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the staged items with their group of categories, as Python tells it of each combination of words."""
    names = ", ".join(f"f_{name}" for name in GROUPED_BY)
    words = connection.sql(f"SELECT DISTINCT {names} FROM staged_items").fetchall()
    told = [(*row, group) for row in words if (group := category_groups.declared().of(*row)) is not None]
    columns = [f"f_{name}" for name in GROUPED_BY] + ["told"]
    arrays = zip(columns, zip(*told, strict=True) if told else [[]] * len(columns), strict=True)
    connection.register("grouped", pa.table({name: pa.array(values, pa.string()) for name, values in arrays}))
    same = " AND ".join(f"i.f_{name} IS NOT DISTINCT FROM g.f_{name}" for name in GROUPED_BY)
    table: pa.Table = connection.sql(
        f"SELECT i.* REPLACE (g.told AS f_category_group) FROM staged_items AS i LEFT JOIN grouped AS g ON {same}"
    ).to_arrow_table()
    return table


def _parquet(table: pa.Table) -> Any:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=_ROW_GROUP, store_schema=False)
    return sink.getvalue()
