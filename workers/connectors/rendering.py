"""Facts as the text that COPY reads, made by the engine column by column: no Python runs per row."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import duckdb
import pyarrow as pa

from commands.runtime.keyring import KeyRing
from workers.connectors.engine import literal

_PERSONAL = "SELECT first, CAST(who AS VARCHAR), hidden FROM facts WHERE hidden IS NOT NULL"


def render(
    engine: duckdb.DuckDBPyConnection, *, first_id: int, recorded_at: datetime, source: str, currency: str | None
) -> list[bytes]:
    """Return the table `facts` as CSV, with the ids from `first_id` on in the order of the file."""
    number = f"{first_id - 1} + row_number() OVER (ORDER BY f.first)"
    fields = [
        f"concat({number}, {literal(f',{recorded_at.isoformat()},')}, f.happened, '+00,', f.who, ',', f.event)",
        literal('"' + source.replace('"', '""') + '"'),
        "f.amount",
        f"CASE WHEN f.amount IS NULL THEN '' ELSE {literal(currency or '')} END",
        "concat('\"', replace(f.body, '\"', '\"\"'), '\"')",
        "s.sealed" if _has_sealed(engine) else "''",
    ]
    line = "concat(" + ", ',', ".join(fields) + ", chr(10))"
    sealed = "LEFT JOIN sealed s ON s.first = f.first" if _has_sealed(engine) else ""
    rows = engine.sql(f"SELECT {line} AS line FROM facts f {sealed}").to_arrow_table()
    return list(_texts(rows.column("line")))


async def seal(engine: duckdb.DuckDBPyConnection, keyring: KeyRing) -> None:
    """Create `sealed`: the personal part of each fact that has one, under the key of its customer."""
    found = [(first, UUID(who), hidden) for first, who, hidden in engine.execute(_PERSONAL).fetchall()]
    engine.execute("DROP TABLE IF EXISTS sealed")
    if not found:
        return
    await keyring.ensure(who for _, who, _ in found)
    # As the other doors keep it: by section, under the path it had.
    sealed = [keyring.seal(who, b'{"properties":%b}' % hidden.encode()) for _, who, hidden in found]
    rows = pa.Table.from_pydict(
        {"first": [first for first, *_ in found], "sealed": [f"\\x{one.hex()}" for one in sealed]}
    )
    engine.register("incoming", rows)
    engine.execute("CREATE TEMP TABLE sealed AS SELECT * FROM incoming")
    engine.unregister("incoming")


def _has_sealed(engine: duckdb.DuckDBPyConnection) -> bool:
    return bool(engine.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'sealed'").fetchall())


def _texts(column: "pa.ChunkedArray[pa.StringScalar]") -> Iterator[bytes]:
    """Yield the text of all values, one behind the other: in Arrow's memory it lies there so already."""
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        if offsets is None or data is None:
            continue
        ends = memoryview(offsets).cast("B").cast("q" if pa.types.is_large_string(chunk.type) else "i")
        yield bytes(memoryview(data)[ends[chunk.offset] : ends[chunk.offset + len(chunk)]])
