"""Where a person may have left traces: what an erasure asks of views, and of who keeps things in clear (ports)."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from commands.runtime.connection import Connection
from domain.identity.resolving import Hold


class Traces(Protocol):
    """Where to look; what is true is then decided from the streams themselves."""

    async def joined_with(self, ids: Collection[UUID]) -> set[UUID]:
        """Return every customer who may be joined with one of these ids, up to the end of the log."""
        ...

    async def held_among(self, ids: Collection[UUID]) -> dict[UUID, Hold]:
        """Return which of these join nobody, as far as known: blocked, seen with too many, or shared."""
        ...

    async def walks_and_messages(self, customers: Collection[UUID]) -> tuple[set[UUID], set[UUID]]:
        """Return the streams of the journey runs and of the messages that concern these customers."""
        ...


class ClearCopies(Protocol):
    """A place where something about people may lie outside the log, sealed under no key of theirs."""

    async def destroy_about(self, connection: Connection, names: Collection[str]) -> int:
        """Destroy what speaks of the person whom these identifiers name, in this transaction; return how much."""
        ...
