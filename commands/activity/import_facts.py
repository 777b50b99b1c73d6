"""Import facts in bulk: a chunk of rows and its seal in one transaction, which holds the log's lock only at its end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg import Cursor

from commands.activity.fact_keys import Claims, claim
from commands.runtime.facts import FactIds, copy_facts_csv, digest, ensure_partition
from commands.runtime.recorder import DecisionRecorder
from commands.runtime.suppressions import Suppressions
from domain.activity.sealing import FactsSealed, seal_stream
from domain.kernel.errors import KoiError
from domain.kernel.event import Meta
from domain.kernel.stored import from_state, to_state

_SEALS = """
    SELECT originator_id, topic, state FROM decision_log WHERE originator_id = ANY($1) AND originator_version = 1
"""
_KNOWN = "SELECT originator_id FROM decision_log WHERE originator_id = ANY($1) AND originator_version = 1"


class ImportBrokenError(KoiError):
    """What was stored is not what was sent; nothing of the chunk was kept."""

    code = "import.broken"


class FactChunk(msgspec.Struct, frozen=True, kw_only=True):
    """`count` facts with the ids from `first_id` on, as CSV in the order of the fact log's columns.

    `origin` and `batch_key` name the chunk: delivered again under the same names, it changes nothing. `sha256` is the
    digest of the rows as `commands.runtime.facts.DIGEST` defines it; with `is_checked` the database makes it again.
    `claims` are the keys of the facts, if they have any.
    """

    origin: str
    batch_key: str
    source: str
    first_id: int
    count: int
    recorded_at: datetime
    csv: Sequence[bytes]
    sha256: str
    latest_occurred_at: datetime
    is_checked: bool = True
    claims: Claims | None = None

    @property
    def stream(self) -> UUID:
        """The stream of its seal."""
        return seal_stream(self.origin, self.batch_key)


async def sealed(pool: asyncpg.Pool, streams: Sequence[UUID]) -> dict[UUID, FactsSealed]:
    """Return the seals of those of the streams that have begun."""
    found: dict[UUID, FactsSealed] = {}
    for row in await pool.fetch(_SEALS, list(streams)):
        event = from_state(row["topic"], row["state"], row["originator_id"], 1)
        if isinstance(event, FactsSealed):
            found[row["originator_id"]] = event
    return found


async def known(pool: asyncpg.Pool, streams: Sequence[UUID]) -> set[UUID]:
    """Return those of the streams that have begun."""
    return {row["originator_id"] for row in await pool.fetch(_KNOWN, list(streams))}


def reserve_ids(recorder: DecisionRecorder, ids: FactIds, count: int) -> int:
    """Return the first of `count` contiguous fact ids, for rows written down before their transaction begins."""
    with recorder.datastore.transaction(commit=True) as cursor:
        return ids.take(cursor, count)


def import_facts(
    recorder: DecisionRecorder, chunk: FactChunk, *, actor: str, suppressions: Suppressions, known: int
) -> bool:
    """Write the chunk; False if it was part of history already.

    `known` is the position of the suppressions that its rows were compared with. Raises `ImportBrokenError` if the rows
    stored are not those announced, `SuppressionsMovedError` if somebody was erased since, `KeysTakenError` if another
    source has told one of the facts first.
    """

    def after(cursor: Cursor[Any], _: Sequence[int]) -> None:
        suppressions.check(cursor, known)

    def before(cursor: Cursor[Any]) -> Sequence[StoredEvent]:
        ensure_partition(cursor, chunk.recorded_at)
        if chunk.claims:
            claim(cursor, chunk.claims, chunk.recorded_at)
        copy_facts_csv(cursor, chunk.csv, recorded_at=chunk.recorded_at)
        _compare(cursor, chunk, stored=cursor.rowcount)
        return [_seal(chunk, actor)]

    try:
        recorder.insert_events([], before=before, after=after)
    except IntegrityError:
        if _is_sealed(recorder, chunk.stream):
            return False
        raise
    return True


def _compare(cursor: Cursor[Any], chunk: FactChunk, *, stored: int) -> None:
    if stored != chunk.count:
        raise ImportBrokenError(f"{chunk.count} facts were sent and {stored} stored")
    if chunk.is_checked:
        last_id = chunk.first_id + chunk.count - 1
        seen = digest(cursor, first_id=chunk.first_id, last_id=last_id, recorded_at=chunk.recorded_at)
        if (seen.sha256, seen.latest_occurred_at) != (chunk.sha256, chunk.latest_occurred_at):
            raise ImportBrokenError("what was stored is not what was sent: its digest is another")


def _seal(chunk: FactChunk, actor: str) -> StoredEvent:
    sealed = FactsSealed(
        originator_id=chunk.stream,
        originator_version=1,
        meta=Meta(occurred_at=chunk.recorded_at, recorded_at=chunk.recorded_at, actor=actor),
        batch_key=chunk.batch_key,
        source=chunk.source,
        first_id=chunk.first_id,
        last_id=chunk.first_id + chunk.count - 1,
        count=chunk.count,
        sha256=chunk.sha256,
        recorded_at=chunk.recorded_at,
        latest_occurred_at=chunk.latest_occurred_at,
        bulk=True,
    )
    return StoredEvent(
        originator_id=sealed.originator_id, originator_version=1, topic=sealed.TOPIC, state=to_state(sealed)
    )


def _is_sealed(recorder: DecisionRecorder, stream: UUID) -> bool:
    # The connection may have been lost after our own commit, or another process imports the same file.
    return bool(recorder.select_events(stream, limit=1))
