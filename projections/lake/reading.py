"""Rows of the log as Arrow tables: binary COPY decoded in native code, no row ever becomes a Python object."""

from collections.abc import Collection, Sequence

import pyarrow as pa

from projections.engine.page import FactRange

_INSTANT = pa.timestamp("us", tz="UTC")


def _schema(columns: Sequence[tuple[str, pa.DataType]]) -> pa.Schema:
    return pa.schema(columns)


FACTS = _schema(
    [
        ("fact_id", pa.int64()),
        ("recorded_at", _INSTANT),
        ("occurred_at", _INSTANT),
        ("customer_id", pa.string()),
        ("name", pa.string()),
        ("source", pa.string()),
        ("amount", pa.int64()),
        ("currency", pa.string()),
        ("body", pa.string()),
        ("sealed", pa.binary()),
    ]
)
DECISIONS = _schema(
    [
        ("position", pa.int64()),
        ("stream_id", pa.string()),
        ("version", pa.int64()),
        ("topic", pa.string()),
        ("occurred_at", _INSTANT),
        ("recorded_at", _INSTANT),
        ("state", pa.string()),
    ]
)
_CUSTOMERS = _schema([("customer_id", pa.string())])

_FACTS = """
    SELECT fact_id, recorded_at, occurred_at, customer_id::text, name, source, amount, currency, body::text, sealed
    FROM (VALUES {ranges}) AS r (recorded_from, recorded_to, first_id, last_id) CROSS JOIN LATERAL (
        SELECT * FROM public.fact_log WHERE recorded_at BETWEEN r.recorded_from AND r.recorded_to
        AND fact_id BETWEEN r.first_id AND r.last_id
    ) AS f {order}
"""
_CUSTOMERS_OF = """
    SELECT DISTINCT f.customer_id::text
    FROM (VALUES {ranges}) AS r (recorded_from, recorded_to, first_id, last_id) CROSS JOIN LATERAL (
        SELECT customer_id FROM public.fact_log WHERE recorded_at BETWEEN r.recorded_from AND r.recorded_to
        AND fact_id BETWEEN r.first_id AND r.last_id
    ) AS f
"""
_SETTINGS = "SELECT set_config('work_mem', '128MB', false), set_config('jit', 'off', false)"
_IN_FILES = "ORDER BY f.customer_id, occurred_at, fact_id"
_RANGE = "('{}'::timestamptz, '{}'::timestamptz, {}::bigint, {}::bigint)"
_DECISIONS = """
    SELECT position, stream_id::text, version, topic, (state->'meta'->>'occurred_at')::timestamptz AS occurred_at,
           (state->'meta'->>'recorded_at')::timestamptz AS recorded_at, state::text
    FROM public.decisions WHERE position > {after} AND position <= {upto}
    ORDER BY position
"""


def read_facts(database_url: str, ranges: Collection[FactRange], *, in_files: bool = False) -> pa.Table:
    """Return the facts of the ranges; `in_files` puts them in the order of rows in files: customer, time.

    Blocks: to be called in a thread.
    """
    if not ranges:
        return FACTS.empty_table()
    statement = _FACTS.format(ranges=_values(ranges), order=_IN_FILES if in_files else "")
    return query(database_url, statement, FACTS)


def customers_of(database_url: str, ranges: Collection[FactRange]) -> pa.Table:
    """Return the customers (`customer_id`) of the facts of the ranges, each once. Blocks."""
    if not ranges:
        return _CUSTOMERS.empty_table()
    return query(database_url, _CUSTOMERS_OF.format(ranges=_values(ranges)), _CUSTOMERS)


def read_decisions(database_url: str, after: int, upto: int) -> pa.Table:
    """Return the events after one position up to another, in order. Blocks."""
    return query(database_url, _DECISIONS.format(after=after, upto=upto), DECISIONS)


def query(database_url: str, statement: str, schema: pa.Schema) -> pa.Table:
    """Return what a statement selects, in the columns of the schema. Blocks."""
    # Late: the driver loads pandas where that is installed.
    import adbc_driver_postgresql.dbapi as adbc  # type: ignore[import-untyped]  # the driver ships no types

    with adbc.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(statement)
        table: pa.Table = cursor.fetch_arrow_table()
        # The driver notes PostgreSQL's types in the schema; files hold nothing but what is declared here.
        return pa.table(table.columns, names=schema.names).cast(schema).combine_chunks()


def _values(ranges: Collection[FactRange]) -> str:
    return ", ".join(_RANGE.format(*(_sql(bound) for bound in facts.bounds)) for facts in ranges)


def _sql(bound: object) -> str:
    return bound.isoformat() if hasattr(bound, "isoformat") else str(bound)
