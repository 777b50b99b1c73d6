"""Facts as the text that COPY reads, made by the engine column by column: no Python runs per row.

With it comes the digest of their seal (`commands.runtime.facts.DIGEST`): the engine has the text for it at hand, while
the database takes a third of the COPY's time to make it again; it does so for the first chunk of a file, as a check.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import duckdb
import msgspec
import pyarrow as pa

from commands.runtime.keyring import KeyRing
from workers.connectors.engine import first_row, literal

_PERSONAL = "SELECT first, CAST(who AS VARCHAR), hidden FROM facts WHERE hidden IS NOT NULL"
_EXTENT = "SELECT max(happened), bool_or(length(body) = 2 OR contains(body, '\\')) FROM facts"
# What of a source's name PostgreSQL writes within double quotes in the text of a row.
_QUOTED = re.compile(r"\s")


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """Rows as CSV, their digest (hex SHA-256) and the latest of their times."""

    csv: list[bytes]
    sha256: str
    latest_occurred_at: datetime


def render(
    engine: duckdb.DuckDBPyConnection,
    *,
    first_id: int,
    recorded_at: datetime,
    source: str,
    currency: str | None,
    is_settled: bool = False,
) -> Rendered:
    """Return the table `facts`, with the ids from `first_id` on in its order; settled ones bring their currency."""
    latest, is_special = first_row(engine, _EXTENT)
    named = "coalesce(f.currency, '')" if is_settled else literal(currency or "")
    money = f"CASE WHEN f.amount IS NOT NULL THEN {named} ELSE '' END"
    has_sealed = bool(engine.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'sealed'").fetchall())
    joined = "(SELECT * FROM facts LEFT JOIN sealed USING (first) ORDER BY who, happened, first)"
    parts = [
        # Numbers the rows as they pass.
        f"{first_id - 1} + row_number() OVER () AS number",
        "f.happened",
        f"concat(f.who, ',', f.event, {literal(f',{_in_row(source)},')}, f.amount, ',', {money}, ',') AS head",
        "concat('\"', replace(f.body, '\"', '\"\"'), '\"') AS body",
        f"{'f.sealed' if has_sealed else 'CAST(NULL AS VARCHAR)'} AS sealed",
    ]
    rows = engine.sql(
        f"SELECT {_line(recorded_at)} AS line, {_record(is_special=is_special)} AS record "
        f"FROM (SELECT {', '.join(parts)} FROM {joined if has_sealed else 'facts'} f) AS f"
    ).to_arrow_table()
    return Rendered(
        csv=[bytes(text) for text in _texts(rows.column("line"))],
        sha256=_digest(_texts(rows.column("record"))),
        latest_occurred_at=latest.replace(tzinfo=UTC),
    )


def _line(recorded_at: datetime) -> str:
    """The columns of the fact log as CSV."""
    at = literal(f",{recorded_at.isoformat()},")
    return f"concat(f.number, {at}, f.happened, '+00,', f.head, f.body, ',', '\\x' || f.sealed, chr(10))"


def _record(*, is_special: bool) -> str:
    """The columns the digest is over as PostgreSQL writes a row, after a line break."""
    body = "f.body"
    if is_special:
        # In a row backslashes come twice, and an empty object without quotes.
        body = "CASE WHEN f.body = '\"{}\"' THEN '{}' ELSE replace(f.body, '\\', '\\\\') END"
    return f"concat(chr(10), '(', f.number, ',', epoch_us(f.happened), ',', f.head, {body}, ',', f.sealed, ')')"


def _in_row(text: str) -> str:
    """Return a text as PostgreSQL writes it in a row; CSV reads it the same, since a source has no backslash."""
    return f'"{text}"' if _QUOTED.search(text) else text


def _digest(texts: Iterator[memoryview]) -> str:
    digest = hashlib.sha256(next(texts, memoryview(b""))[1:])  # no line break before the first
    for text in texts:
        digest.update(text)
    return digest.hexdigest()


async def seal(engine: duckdb.DuckDBPyConnection, keyring: KeyRing) -> None:
    """Create `sealed`: the personal part of each fact that has one, under the key of its customer, as hex digits."""
    found = [(first, UUID(who), hidden) for first, who, hidden in engine.execute(_PERSONAL).fetchall()]
    engine.execute("DROP TABLE IF EXISTS sealed")
    if not found:
        return
    await keyring.ensure(who for _, who, _ in found)
    # As the other doors keep it: by section, under the path it had.
    sealed = [keyring.seal(who, b'{"properties":%b}' % hidden.encode()).hex() for _, who, hidden in found]
    rows = pa.Table.from_pydict({"first": [first for first, *_ in found], "sealed": sealed})
    engine.register("incoming", rows)
    engine.execute("CREATE TEMP TABLE sealed AS SELECT * FROM incoming")
    engine.unregister("incoming")


def _texts(column: "pa.ChunkedArray[pa.StringScalar]") -> Iterator[memoryview]:
    """Yield the text of all values, one behind the other: in Arrow's memory it lies there so already."""
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        if offsets is None or data is None:
            continue
        ends = memoryview(offsets).cast("B").cast("q" if pa.types.is_large_string(chunk.type) else "i")
        yield memoryview(data)[ends[chunk.offset] : ends[chunk.offset + len(chunk)]]
