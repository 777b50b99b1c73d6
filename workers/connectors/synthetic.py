"""Behaviour records in any number, on disk, drawn from the real history: its customers, hours, products and amounts.

The same number and seed give the same records; only benches use them, never the demo.
"""

from pathlib import Path

import duckdb

from domain.ingestion.mapping import Mapping
from domain.ingestion.mapping_reading import read
from workers.connectors.complete_journey import folder
from workers.connectors.engine import count, literal

MAPPING = Path(__file__).parent / "mappings" / "behaviour.toml"
# Of a hundred records so many are views and carts; the rest are orders.
_VIEWS, _CARTS = 70, 20


def behaviour_mapping() -> Mapping:
    """Return the mapping under which the records are imported."""
    return read(MAPPING.read_text(encoding="utf-8"))


def write_behaviour(file: Path, items: int, *, seed: int = 84, memory: str = "1GB") -> None:
    """Write `items` records as Parquet or CSV, by the file's suffix, in the order of their times.

    Each takes its time from the line of the history at its place in the year, its customer from one random line, its
    product and amount from another. Beyond the size of the real history there are more customers of the same habits.

    Raises:
        NoSuchFileError: the real history is not installed.
    """
    history = literal(str(folder() / "transactions.parquet"))
    form = "FORMAT PARQUET" if file.suffix == ".parquet" else "FORMAT CSV, HEADER"
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": str(file.parent / "spill")}) as engine:
        engine.execute(f"CREATE TABLE history AS SELECT * FROM read_parquet({history})")
        lines = count(engine, "SELECT count(*) FROM history")
        place = "row_number() OVER (ORDER BY transaction_timestamp) - 1 AS place"
        engine.execute(f"CREATE TABLE moments AS SELECT {place}, transaction_timestamp AS moment FROM history")
        clones = max(1, items // lines)
        engine.execute(f"COPY ({_records(items, seed, lines, clones)}) TO {literal(str(file))} ({form})")


def _records(items: int, seed: int, lines: int, clones: int) -> str:
    drawn = f"""
        SELECT i, hash(i, {seed}, 1) % {lines} AS who, hash(i, {seed}, 2) % {lines} AS what,
               hash(i, {seed}, 3) % 100 AS kind, hash(i, {seed}, 4) % {clones} AS clone,
               (i * {lines}) // {items} AS place
        FROM range({items}) AS numbers(i)
    """
    return f"""
        SELECT concat('b', lpad(CAST(i AS VARCHAR), 12, '0')) AS event_id,
               concat(w.household_id, CASE WHEN clone = 0 THEN '' ELSE concat('-', clone) END) AS member_code,
               m.moment AS occurred_at,
               CASE WHEN kind < {_VIEWS} THEN 'view' WHEN kind < {_VIEWS + _CARTS} THEN 'cart' ELSE 'order' END
                   AS event,
               p.product_id, greatest(p.quantity, 1) AS quantity, w.store_id, p.sales_value AS amount
        FROM ({drawn}) d
        JOIN moments m ON m.place = d.place
        JOIN history w ON w.rowid = d.who
        JOIN history p ON p.rowid = d.what
        ORDER BY i
    """
