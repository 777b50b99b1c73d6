"""The library's PostgreSQL recorder, writing by COPY: same table, same lock, same NOTIFY, several times the rate.

The lock is what lets readers tail the log without ever skipping a position, so it is never left out; it is taken last,
after everything slow (facts, reservations) is already in the transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eventsourcing.persistence import InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from eventsourcing.utils import retry
from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier

# Whoever holds keys in memory has to hear of an erasure at once, and of nothing else.
_OF_ERASURES = "erasure."
_TELL_OF_ERASURE = SQL("NOTIFY koi_erasure")

# Runs before the lock and may add events it can only make there; repeatable, since a lost connection repeats it.
Before = Callable[[Cursor[DictRow]], Sequence[StoredEvent]]
# Runs under the lock, once the positions are known.
After = Callable[[Cursor[DictRow], Sequence[int]], None]


class DecisionRecorder(PostgresApplicationRecorder):
    """Inserts stored events under the table lock and returns their positions, which are contiguous."""

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        before: Before | None = None,
        after: After | None = None,
        **_: Any,
    ) -> Sequence[int] | None:
        """Write the events, and what `before` and `after` do, in one transaction; `IntegrityError` on a conflict."""
        with self._transaction() as cursor:
            events = [*stored_events, *before(cursor)] if before else stored_events
            positions = self._copy_events(cursor, events) if events else []
            if after:
                after(cursor, positions)
        return positions

    @contextmanager
    def _transaction(self) -> Iterator[Cursor[DictRow]]:
        with self.datastore.get_connection() as connection, connection.transaction(), connection.cursor() as cursor:
            yield cursor

    def _copy_events(self, cursor: Cursor[DictRow], events: Sequence[StoredEvent]) -> Sequence[int]:
        cursor.execute(self._lock_and_notify, prepare=False)
        if any(event.topic.startswith(_OF_ERASURES) for event in events):
            cursor.execute(_TELL_OF_ERASURE)
        with cursor.copy(self._copy) as copy:
            copy.set_types(("uuid", "int8", "text", "bytea"))
            for event in events:
                copy.write_row((event.originator_id, event.originator_version, event.topic, event.state))
        cursor.execute(self._last_position, prepare=True)
        row = cursor.fetchone()
        if row is None:  # the sequence was used in this very session, so it has a value
            raise OperationalError
        last: int = row["position"]
        # Only holders of the lock draw from the sequence, so the positions of one COPY are contiguous.
        return list(range(last - len(events) + 1, last + 1))

    @property
    def _table(self) -> Composed:
        return SQL("{}.{}").format(Identifier(self.datastore.schema), Identifier(self.events_table_name))

    @property
    def _lock_and_notify(self) -> Composed:
        return SQL("SET LOCAL lock_timeout = {}; LOCK TABLE {} IN EXCLUSIVE MODE; NOTIFY {}").format(
            f"{self.datastore.lock_timeout}s", self._table, Identifier(self.channel_name)
        )

    @property
    def _copy(self) -> Composed:
        return SQL("COPY {} (originator_id, originator_version, topic, state) FROM STDIN (FORMAT BINARY)").format(
            self._table
        )

    @property
    def _last_position(self) -> Composed:
        name = f"{self.datastore.schema}.{self.events_table_name}_notification_id_seq"
        return SQL("SELECT currval({}) AS position").format(name)
