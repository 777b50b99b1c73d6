"""DuckDB as the engine of an import: set-based, bounded in memory, spilling to a folder of its own."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import duckdb

_MEMORY = "768MB"


@contextmanager
def open_engine(home: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Yield a fresh in-memory database and the folder for what does not fit; both are gone afterwards."""
    parent = home / "import"
    parent.mkdir(parents=True, exist_ok=True)
    # For the owner alone: what lies here for the time of an import is what the source delivered.
    _clear_leftovers(parent)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    held = _hold(folder)
    engine = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(folder / "spill")})
    try:
        engine.execute("SET TimeZone = 'UTC'")
        yield engine, folder
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)
        held.close()


def count(engine: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Return the one number a query gives (0 for null)."""
    return int(first_row(engine, sql)[0] or 0)


def first_row(engine: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """Return the one row a query gives."""
    # All of it is fetched: an unfinished result would block the connection.
    return tuple(engine.execute(sql).fetchall()[0])


def quoted(name: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _hold(folder: Path) -> TextIO:
    """Lock the folder as long as this process lives, however it ends."""
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise
    return lock


def _clear_leftovers(parent: Path) -> None:
    """Remove what an import that was killed left behind: it may hold personal data."""
    for folder in parent.glob("run-*"):
        try:
            lock = _hold(folder)
        except OSError:
            continue  # another import works there, or has just cleared it
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()
