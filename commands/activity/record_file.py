"""Record that a file was read to its end: the last word of its import, said once."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg import Cursor

from commands.activity.file_versions import finish
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.activity.sealing import FileImported, file_stream
from domain.kernel.stored import to_state


class RecordFile(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file; `origin` is its source and mapping, under which its content is known from then on.

    `version_of` is what it is a version of, if versions of it replace each other.
    """

    origin: str
    source: str
    file_name: str
    sha256: str
    size_bytes: int
    rows: int
    facts: int
    customers: int
    duplicates: int
    quarantined: int
    version_of: str | None = None

    @property
    def stream(self) -> UUID:
        """The stream of the file."""
        return file_stream(self.origin, self.sha256)


async def record_file(store: EventStore, command: RecordFile, *, by: Context) -> bool:
    """Record it; False if it was recorded before."""
    said = {name: getattr(command, name) for name in command.__struct_fields__ if name not in {"origin", "version_of"}}
    event = FileImported(originator_id=command.stream, originator_version=1, meta=by.meta(now()), **said)
    stored = StoredEvent(originator_id=command.stream, originator_version=1, topic=event.TOPIC, state=to_state(event))

    def after(cursor: Cursor[Any], _: Sequence[int]) -> None:
        if command.version_of is not None:
            finish(cursor, command.origin, command.version_of, command.sha256)

    try:
        await asyncio.to_thread(store.recorder.insert_events, [stored], after=after)
    except IntegrityError:
        return False
    return True
