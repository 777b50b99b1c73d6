"""What earlier versions of a file told and still holds, in the engine: the tables `earlier` and `held`.

Personal parts are opened for the comparison and never leave the engine. Facts of erased people are left out: nothing of
them is compared any more.
"""

from collections.abc import Iterable, Sequence
from itertools import count as numbers
from typing import TYPE_CHECKING, Final
from uuid import UUID

import duckdb
import pyarrow as pa

from commands.activity.fact_keys import Held
from commands.activity.file_versions import Version
from commands.activity.import_facts import sealed
from domain.activity.sealing import FactsSealed, seal_stream
from domain.activity.withdrawing import WITHDRAWN
from projections.engine.page import FactRange
from workers.connectors.destination import Destination
from workers.connectors.threads import in_engine, in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# What two tellings of one fact have in common, and no two facts: as text, since times and amounts may be missing.
CONTENT: Final = (
    "md5(concat_ws(chr(31), who, epoch_us(happened), event, coalesce(CAST(amount AS VARCHAR), ''), "
    "coalesce(currency, ''), body, coalesce(hidden, '')))"
)
_AT_ONCE = 100
_SEALED_PREFIX = len(b'{"properties":')
_COLUMNS = "fact_id BIGINT, who UUID, happened TIMESTAMP, event VARCHAR, amount BIGINT, currency VARCHAR, body VARCHAR"
_INSERT = """
    INSERT INTO {table}
    SELECT i.fact_id, CAST(customer_id AS UUID), timezone('UTC', occurred_at), name, amount, currency, body, hidden
    FROM incoming i LEFT JOIN clear USING (fact_id) WHERE i.sealed IS NULL OR clear.hidden IS NOT NULL
"""


async def load_earlier(
    engine: duckdb.DuckDBPyConnection, into: Destination, identity: str, versions: Sequence[Version]
) -> int:
    """Create `earlier`: what the versions told and still hold, numbered where it is the same; return how many."""
    create_table(engine, "told_before")
    engine.execute("CREATE TABLE erased (id UUID)")
    if ids := [str(one) for one in into.store.suppressions.ids]:
        engine.execute("INSERT INTO erased SELECT CAST(unnest(?) AS UUID)", [ids])
    async for seal in _seals(into, identity, versions):
        within = FactRange(seal.recorded_at, seal.recorded_at, seal.first_id, seal.last_id)
        await load_facts(engine, into, [within], "told_before")
    taken_back = f"SELECT CAST(json_extract(body, '$.fact_id') AS BIGINT) FROM told_before WHERE event = '{WITHDRAWN}'"
    await in_engine(
        engine,
        engine.execute,
        f"CREATE TABLE earlier AS SELECT * EXCLUDE (hidden, body), body, {CONTENT} AS content, "
        f"row_number() OVER (PARTITION BY {CONTENT} ORDER BY fact_id) AS n FROM told_before "
        f"WHERE event <> '{WITHDRAWN}' AND fact_id NOT IN ({taken_back}) AND who NOT IN (SELECT id FROM erased)",
    )
    engine.execute("DROP TABLE told_before")
    engine.execute("DROP TABLE erased")
    found = engine.execute("SELECT count(*) FROM earlier").fetchone()
    return int(found[0]) if found else 0


async def load_held(engine: duckdb.DuckDBPyConnection, into: Destination, found: Iterable[Held]) -> None:
    """Create `held`: the facts behind keys, with their content."""
    engine.execute("DROP TABLE IF EXISTS held")
    create_table(engine, "held")
    ranges = [FactRange(one.recorded_at, one.recorded_at, one.fact_id, one.fact_id) for one in found if one.fact_id]
    for first in range(0, len(ranges), _AT_ONCE):
        await load_facts(engine, into, ranges[first : first + _AT_ONCE], "held")


def create_table(engine: duckdb.DuckDBPyConnection, table: str) -> None:
    """Create a table of facts."""
    engine.execute(f"CREATE TABLE {table} ({_COLUMNS}, hidden VARCHAR)")


async def load_facts(
    engine: duckdb.DuckDBPyConnection, into: Destination, ranges: Sequence[FactRange], table: str
) -> None:
    """Add facts of the log to a table."""
    # Arrow takes a moment to import, and most imports compare nothing.
    from projections.lake.reading import read_facts

    rows = await in_thread(read_facts, into.database_url, ranges)
    clear = await _opened(into, rows)
    engine.register("incoming", rows)
    engine.register("clear", clear)
    try:
        await in_engine(engine, engine.execute, _INSERT.format(table=table))
    finally:
        engine.unregister("incoming")
        engine.unregister("clear")


async def _opened(into: Destination, rows: pa.Table) -> pa.Table:
    chosen = rows.filter(rows.column("sealed").is_valid()).select(["fact_id", "customer_id", "sealed"])
    found = [(row["fact_id"], UUID(row["customer_id"]), row["sealed"]) for row in chosen.to_pylist()]
    keyring = into.store.keyring
    await keyring.load(who for _, who, _ in found)
    opened = [keyring.unseal(who, sealed_part) for _, who, sealed_part in found]
    hidden = [None if one is None else one[_SEALED_PREFIX:-1].decode() for one in opened]
    schema: dict[str, pa.DataType] = {"fact_id": pa.int64(), "hidden": pa.string()}
    return pa.Table.from_pydict({"fact_id": [one for one, *_ in found], "hidden": hidden}, schema=pa.schema(schema))


async def _seals(into: Destination, identity: str, versions: Sequence[Version]) -> "AsyncIterator[FactsSealed]":
    pool = into.store.pool
    for version in versions:
        streams = [seal_stream(identity, f"{version.sha256}:{chunk}") for chunk in range(version.chunks)]
        for seal in (await sealed(pool, streams)).values():
            yield seal
        for chunk in numbers():
            stream = seal_stream(identity, withdrawal_key(version.sha256, chunk))
            found = await sealed(pool, [stream])
            if not found:
                break
            yield found[stream]


def withdrawal_key(sha256: str, chunk: int) -> str:
    """Return the batch key of what a version takes back."""
    return f"{sha256}:withdrawn:{chunk}"
