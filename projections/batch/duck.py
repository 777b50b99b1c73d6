"""DuckDB in this process, and the files of a lakehouse as it reads them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from fsspec.implementations.local import LocalFileSystem

from projections.batch.lakehouse import Lakehouse


@contextmanager
def opened_duckdb(memory_mb: int = 700, threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB within a memory limit; what does not fit waits in a folder that goes with it."""
    with TemporaryDirectory(prefix="koi-batch-") as folder:
        config: dict[str, Any] = {"memory_limit": f"{memory_mb}MB", "threads": threads, "temp_directory": folder}
        with duckdb.connect(config=config) as connection:
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            yield connection


def reading_of(connection: duckdb.DuckDBPyConnection, lakehouse: Lakehouse, paths: Iterable[str]) -> str:
    """Return what reads staged files, as SQL, on a connection that from now on knows where they are."""
    filesystem = lakehouse.filesystem
    if filesystem is None or isinstance(filesystem, LocalFileSystem):
        named = [str(Path(path)) for path in paths]
    else:
        connection.register_filesystem(filesystem)
        named = [str(filesystem.unstrip_protocol(path)) for path in paths]
    return f"read_parquet([{', '.join(map(quoted, named))}])"


def quoted(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"
