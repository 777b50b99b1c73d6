"""What a view hands to the engine: its name and version, its tables, the topics it handles, and how it takes a page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from projections.engine.page import Page

if TYPE_CHECKING:
    import sqlalchemy as sa

# The queries of a view take either.
Reading = asyncpg.Pool | asyncpg.Connection

Apply = Callable[[asyncpg.Connection, Page], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A view of the log, kept in the PostgreSQL schema of its name.

    `apply` folds a page into the tables inside a transaction that also moves the position; it names its tables without
    a schema, so that the same code fills the live view and one built aside, and it must come to the same rows however
    the log is cut into pages. A change of `tables` or of what `apply` does is a new `version`: the view is then
    rebuilt. `topics` None means every event but those of `besides`. `rehearsed` stands in where a view is only built to
    be compared: it must leave alone whatever the view writes outside the database. A view that would be worthless with
    a gap does not park (`parks`): it stops at an event it cannot take. One that nobody waits for rests `rest_seconds`
    after each page, so that it takes fewer and larger ones.
    """

    name: str
    version: int
    tables: "sa.MetaData"
    topics: frozenset[str] | None
    apply: Apply
    rehearsed: Apply | None = None
    parks: bool = True
    besides: frozenset[str] = frozenset()
    rest_seconds: float = 0.0

    def handles(self, page: Page) -> bool:
        """Whether the page holds anything for the view."""
        return page.has(self.topics) if self.topics is not None else page.has_others(self.besides)
