"""Tell who came into a segment and who left it: facts of the person, in one transaction with what follows from them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent
from psycopg import Cursor

from commands.activity.fact_keys import membership_key
from commands.runtime.clock import now
from commands.runtime.event_store import EventStore
from commands.runtime.facts import FactIds, FactRow, copy_facts, digest, ensure_partition
from domain.activity.membership import ENTERED, LEFT, SOURCE
from domain.activity.occurrences import ORIGIN
from domain.activity.sealing import FactsSealed, seal_stream
from domain.kernel.event import Meta
from domain.kernel.stored import to_state

_CLAIM = """
    INSERT INTO fact_key (key, recorded_at) SELECT key, %s FROM unnest(%s::uuid[]) AS key
    ON CONFLICT DO NOTHING RETURNING key
"""
_encode = msgspec.json.Encoder().encode

# What else the transaction does; first of all, so that whoever was overtaken finds out before writing anything.
Also = Callable[[Cursor[Any]], None]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is in the segment from this instant on, or out of it; `reason` in short, without personal data.

    `profile_id` is the customer by whose id the person goes.
    """

    profile_id: UUID
    segment: str
    version: int
    is_in: bool
    occurred_at: datetime
    reason: str

    @property
    def name(self) -> str:
        """The fact's name."""
        return ENTERED if self.is_in else LEFT

    @property
    def key(self) -> UUID:
        """What makes a repeat the same fact."""
        return membership_key(self.name, self.segment, self.version, self.profile_id, self.occurred_at)


def tell_membership(store: EventStore, ids: FactIds, changes: Sequence[Change], *, known: int, also: Also) -> int:
    """Write the facts of the changes that were not told before, and what `also` does; returns how many were new.

    `known` is the position of the suppressions that the people were compared with. Raises `SuppressionsMovedError` if
    somebody was erased since, and whatever `also` raises; then nothing was written. Blocks.
    """
    told = 0

    def before(cursor: Cursor[Any]) -> Sequence[StoredEvent]:
        nonlocal told
        also(cursor)
        recorded_at = now()
        by_key = {change.key: change for change in changes}
        # In order, so that two processes claiming the same keys wait for each other instead of deadlocking.
        cursor.execute(_CLAIM, (recorded_at, sorted(by_key)))
        fresh = {row["key"] for row in cursor.fetchall()}
        rows = [_row(change, key, recorded_at) for key, change in by_key.items() if key in fresh]
        told = len(rows)
        return [_seal(cursor, ids, rows, recorded_at)] if rows else []

    def after(cursor: Cursor[Any], _: Sequence[int]) -> None:
        store.suppressions.check(cursor, known)

    store.recorder.insert_events([], before=before, after=after)
    return told


def _row(change: Change, key: UUID, recorded_at: datetime) -> FactRow:
    body: Mapping[str, object] = {
        "segment": change.segment,
        "version": change.version,
        "reason": change.reason,
        ORIGIN: {"message_id": str(key), "received_at": recorded_at},
    }
    return FactRow(change.occurred_at, change.profile_id, change.name, SOURCE, None, None, _encode(body).decode(), None)


def _seal(cursor: Cursor[Any], ids: FactIds, rows: Sequence[FactRow], recorded_at: datetime) -> StoredEvent:
    first_id = ids.take(cursor, len(rows))
    last_id = first_id + len(rows) - 1
    ensure_partition(cursor, recorded_at)
    copy_facts(cursor, rows, first_id=first_id, recorded_at=recorded_at)
    seen = digest(cursor, first_id=first_id, last_id=last_id, recorded_at=recorded_at)
    sealed = FactsSealed(
        originator_id=seal_stream(SOURCE, str(first_id)),
        originator_version=1,
        meta=Meta(occurred_at=recorded_at, recorded_at=recorded_at, actor=SOURCE),
        batch_key=str(first_id),
        source=SOURCE,
        first_id=first_id,
        last_id=last_id,
        count=seen.count,
        sha256=seen.sha256,
        recorded_at=recorded_at,
        latest_occurred_at=seen.latest_occurred_at,
    )
    return StoredEvent(
        originator_id=sealed.originator_id, originator_version=1, topic=sealed.TOPIC, state=to_state(sealed)
    )
