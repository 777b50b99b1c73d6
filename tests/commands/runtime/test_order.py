"""Insert order is commit order: why the table lock is never left out, shown on the path that leaves it out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from commands.runtime.event_store import TABLE, open_recorder

_HELD_UP = """
    CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.topic = 'held.up.v1' THEN PERFORM pg_advisory_xact_lock(7); END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER hold_up BEFORE INSERT ON decision_log FOR EACH ROW EXECUTE FUNCTION hold_up();
"""
_IS_HELD_UP = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
_IS_QUEUED = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'ExclusiveLock' AND locktype = 'relation' AND NOT granted)"
)


def _event(topic: str) -> StoredEvent:
    return StoredEvent(uuid4(), 1, topic, b"{}")


def _seen(recorder: PostgresApplicationRecorder, after: int) -> list[int]:
    found = recorder.select_notifications(start=after, limit=10, inclusive_of_start=False)
    return [notification.id for notification in found]


@contextmanager
def _held_up(database: str, recorder: PostgresApplicationRecorder) -> Iterator[psycopg.Connection[tuple[bool]]]:
    """One event is on its way, with its position taken, and does not arrive before the block ends."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_HELD_UP)
        connection.execute("SELECT pg_advisory_lock(7)")
        slow = threading.Thread(target=recorder.insert_events, args=([_event("held.up.v1")],))
        slow.start()
        _until(connection, _IS_HELD_UP)
        yield connection
        connection.execute("SELECT pg_advisory_unlock(7)")
        slow.join()


def _until(connection: psycopg.Connection[tuple[bool]], question: str) -> None:
    while not (answer := connection.execute(question).fetchone()) or not answer[0]:
        pass  # the other connection has not come so far yet


def _unsafe(database: str) -> PostgresApplicationRecorder:
    parts = psycopg.conninfo.conninfo_to_dict(database)
    datastore = PostgresDatastore(
        dbname=str(parts["dbname"]),
        host=str(parts["host"]),
        port=str(parts.get("port", "5432")),
        user=str(parts.get("user", "postgres")),
        password="",
        pool_size=3,
        enable_db_functions=True,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name=TABLE)
    with datastore.transaction(commit=True) as cursor:
        cursor.execute(recorder.sql_create_pg_function_insert_events, prepare=False)
    return recorder


def test_a_reader_never_sees_a_later_event_before_an_earlier_one(database: str) -> None:
    """The second writer queues behind the first, so the reader finds both, in order."""
    recorder = open_recorder(database, pool_size=4)
    with _held_up(database, recorder) as connection:
        quick = threading.Thread(target=recorder.insert_events, args=([_event("quick.v1")],))
        quick.start()
        _until(connection, _IS_QUEUED)
        assert _seen(recorder, 0) == []
    quick.join()
    assert _seen(recorder, 0) == [1, 2]
    recorder.datastore.close()


def test_the_librarys_database_functions_lose_an_event_for_a_reader(database: str) -> None:
    """Without the lock the later position is visible first; a reader that moves past it never sees the earlier one."""
    recorder = _unsafe(database)
    with _held_up(database, recorder):
        recorder.insert_events([_event("quick.v1")])
        seen = _seen(recorder, 0)
        assert seen == [2]
    assert _seen(recorder, seen[-1]) == []  # position 1 is there by now, and behind the reader's back
    assert _seen(recorder, 0) == [1, 2]
    recorder.datastore.close()
