"""Real households, read once for all tests of the domain that ask about them."""

from collections.abc import Iterator

import duckdb
import pytest

from domain.kernel.rules.history import History
from tests.domain.real_households import histories, publisher_files


@pytest.fixture(scope="session")
def files() -> Iterator[duckdb.DuckDBPyConnection]:
    """The publisher's files of some households, for plain SQL."""
    connection = publisher_files()
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def households(files: duckdb.DuckDBPyConnection) -> dict[int, History]:
    """The same households as Koi sees them."""
    return dict(histories(files))
