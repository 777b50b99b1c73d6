"""What an engine does for batch: it holds the tables of a part, and answers the query."""

from collections.abc import Iterable
from typing import Any, Protocol

import pyarrow as pa

from domain.kernel.rules.tree import Level


class Engine(Protocol):
    """Runs one query over one part after the other. All of it blocks."""

    def load(self, part: str) -> pa.Table:
        """Make the tables events, items and people of a part; returns its people: n, profile_id, customers."""

    def say(self, said: pa.Table) -> None:
        """Make the table said."""

    def rows(self, level: Level, people: Iterable[int]) -> pa.Table:
        """Return the rows of some people, by person and time."""

    def result(self, expression: Any) -> pa.Table:
        """Return what the query selects."""

    def close(self) -> None:
        """Let everything go."""
