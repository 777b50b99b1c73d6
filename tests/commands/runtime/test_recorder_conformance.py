"""The library's own conformance suites, run over our recorder and mapper on the real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from eventsourcing.domain import datetime_now_with_tzinfo
from eventsourcing.persistence import EventStore, IntegrityError, MapperDeserialisationError, StoredEvent
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.tests import persistence as conformance

from commands.runtime.event_store import open_recorder
from commands.runtime.mapper import SealingMapper
from commands.runtime.recorder import DecisionRecorder
from domain.activity.sealing import FileImported
from domain.kernel import Meta


class _OnPostgres:
    recorder: DecisionRecorder

    @pytest.fixture(autouse=True)
    def _open(self, database: str) -> Iterator[None]:
        self.recorder = open_recorder(database, pool_size=20)
        yield
        self.recorder.datastore.close()

    def create_recorder(self) -> DecisionRecorder:
        return self.recorder


class TestApplicationRecorder(_OnPostgres, conformance.ApplicationRecorderTestCase[DecisionRecorder]):
    """Inserting, selecting, conflicts, concurrency: as the library asks of every application recorder."""


class TestNonInterleaving(_OnPostgres, conformance.NonInterleavingNotificationIDsBaseCase):
    """The positions of two concurrent inserts never interleave, so no reader can pass over one of them."""


def _imported() -> FileImported:
    return FileImported(
        originator_id=uuid4(),
        originator_version=1,
        meta=Meta(occurred_at=datetime(2026, 11, 11, tzinfo=UTC), recorded_at=datetime_now_with_tzinfo(), actor="pos"),
        source="pos",
        file_name="receipts.csv",
        sha256="00",
        size_bytes=1,
        rows=3,
        facts=1,
        customers=1,
        duplicates=1,
        quarantined=1,
    )


def test_events_come_back_from_the_librarys_event_store_as_they_went_in(database: str) -> None:
    """Mapper and recorder fit the library's own EventStore."""
    recorder = open_recorder(database)
    store = EventStore(SealingMapper(), recorder)
    event = _imported()
    store.put([event])
    assert list(store.get(event.originator_id)) == [event]
    recorder.datastore.close()


def test_the_same_version_twice_is_a_conflict_however_many_neighbours_it_has(database: str) -> None:
    """A COPY of many events fails as one, and leaves nothing behind."""
    recorder = open_recorder(database)
    mapper = SealingMapper()
    first = mapper.to_stored_event(_imported())
    recorder.insert_events([first])
    others = [mapper.to_stored_event(_imported()) for _ in range(100)]
    with pytest.raises(IntegrityError):
        recorder.insert_events([*others, first])
    assert recorder.max_notification_id() == 1
    recorder.datastore.close()


def test_two_applications_in_one_schema_stay_apart(database: str) -> None:
    """Each recorder writes into its own table only."""
    ours = open_recorder(database)
    datastore = ours.datastore
    theirs = DecisionRecorder(datastore, events_table_name="other_log")
    theirs.create_table()
    assert isinstance(datastore, PostgresDatastore)
    event = StoredEvent(uuid4(), 1, "other.happened.v1", b"{}")
    theirs.insert_events([event])
    assert ours.max_notification_id() is None
    assert theirs.max_notification_id() == 1
    datastore.close()


def test_an_unreadable_event_is_named_without_its_content() -> None:
    """The error says which event cannot be read; what is in it may be personal."""
    stored = StoredEvent(uuid4(), 7, "source.file_imported.v1", b'{"source": 138}')
    with pytest.raises(MapperDeserialisationError) as caught:
        SealingMapper().to_domain_event(stored)
    assert "source.file_imported.v1" in str(caught.value)
    assert "version 7" in str(caught.value)
    assert "138" not in str(caught.value)
