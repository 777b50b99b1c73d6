"""The engine that linkage runs on, chosen in this one place: DuckDB here; the same models run on Spark.

Nothing is written to disk: the tables hold personal values in clear, so they live in this process's memory, within a
limit, and end with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from splink import DuckDBAPI
from splink.internals.splink_dataframe import SplinkDataFrame

MEMORY = "1GB"
THREADS = 2


class Engine:
    """Splink's side of an engine, and how a table gets into it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take an open connection."""
        self.connection = connection
        self._api = DuckDBAPI(connection)

    def table(self, name: str, rows: pa.Table) -> SplinkDataFrame:
        """Copy rows in, under a name."""
        self.connection.register(f"{name}_rows", rows)
        self.connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM "{name}_rows"')
        self.connection.unregister(f"{name}_rows")
        return self._api.register(name)


@contextmanager
def engine(*, memory: str = MEMORY, threads: int = THREADS) -> Iterator[Engine]:
    """Open an engine that keeps everything in memory, at most so much of it."""
    connection = duckdb.connect(config={"memory_limit": memory, "threads": threads, "temp_directory": ""})
    try:
        yield Engine(connection)
    finally:
        connection.close()
