"""Facts in bulk: a chunk is history at once or not at all, once, and live commands do not wait for it."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from commands.activity.import_facts import FactChunk, ImportBrokenError, import_facts, known, reserve_ids
from commands.activity.record_file import RecordFile, record_file
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.facts import FactIds
from domain.identity.customer import Customer, Observed
from tests.patience import PATIENCE

_AT = datetime(2026, 11, 23, 7, 0, 0, 5, tzinfo=UTC)
_CUSTOMER = UUID("00000000-0000-8000-8000-00000000cafe")


@pytest.fixture
async def store(database: str) -> AsyncIterator[EventStore]:
    """An event store over this test's database."""
    async with open_event_store(database, b"k" * 32) as opened:
        yield opened


def a_chunk(store: EventStore, key: str = "file:0") -> FactChunk:
    """Three paid orders as the connector writes them down."""
    count = 3
    first_id = reserve_ids(store.recorder, FactIds(), count)
    lines, records = [], []
    for fact_id in range(first_id, first_id + count):
        told = f"{_CUSTOMER},order.completed,pos,1990,CNY,{{}}"
        lines.append(f"{fact_id},{_AT.isoformat()},2026-11-11 09:30:00+00,{told},\n")
        records.append(f"({fact_id},1794389400000000,{told},)")
    return FactChunk(
        origin="pos/fact",
        batch_key=key,
        source="pos",
        first_id=first_id,
        count=count,
        recorded_at=_AT,
        csv=["".join(lines).encode()],
        sha256=hashlib.sha256("\n".join(records).encode()).hexdigest(),
        latest_occurred_at=datetime(2026, 11, 11, 9, 30, tzinfo=UTC),
    )


async def _written(store: EventStore, chunk: FactChunk) -> bool:
    return await asyncio.to_thread(
        import_facts, store.recorder, chunk, actor="import", suppressions=store.suppressions, known=0
    )


async def _count(store: EventStore, table: str) -> int:
    return int(await store.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def test_a_chunk_delivered_twice_is_history_once(store: EventStore) -> None:
    """Its seal is a stream of its own: the second one collides, and its rows go with it."""
    first, again = a_chunk(store), a_chunk(store)
    assert await _written(store, first)
    assert not await _written(store, again)
    assert (await _count(store, "fact_log"), await _count(store, "decision_log")) == (3, 1)
    assert await known(store.pool, [first.stream, UUID(int=7)]) == {first.stream}
    assert await _written(store, a_chunk(store, key="file:1"))
    assert await _count(store, "fact_log") == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"count": 4}, "4 facts were sent and 3 stored"), ({"sha256": "00"}, "its digest is another")],
)
async def test_a_chunk_that_arrives_otherwise_than_sent_leaves_nothing(
    store: EventStore, changes: dict[str, object], words: str
) -> None:
    """Neither rows nor a seal: it can be sent again."""
    with pytest.raises(ImportBrokenError, match=words):
        await _written(store, msgspec.structs.replace(a_chunk(store), **changes))
    assert (await _count(store, "fact_log"), await _count(store, "decision_log")) == (0, 0)
    assert await _written(store, a_chunk(store))


class _Held:
    """A chunk's text that stops in the middle until it is let go."""

    def __init__(self, csv: bytes) -> None:
        self._csv = csv
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield self._csv[:10]
        self.begun.set()
        assert self.let_go.wait(PATIENCE)
        yield self._csv[10:]


async def test_live_commands_do_not_wait_for_a_chunk_on_its_way(store: EventStore) -> None:
    """The log's lock is taken when the rows are written, for the seal alone."""
    chunk = a_chunk(store)
    held = _Held(chunk.csv[0])
    writing = asyncio.create_task(_written(store, msgspec.structs.replace(chunk, csv=held)))
    assert await asyncio.to_thread(held.begun.wait, PATIENCE)
    customer = Customer(_CUSTOMER)
    customer.register((Observed(_CUSTOMER, "member_code", "M1"),))
    saved = await asyncio.wait_for(store.streams.save(customer, by=Context(actor="li")), PATIENCE / 2)
    held.let_go.set()
    assert await writing
    seal = await store.pool.fetchval("SELECT notification_id FROM decision_log WHERE originator_id = $1", chunk.stream)
    assert seal > saved.position


async def test_a_file_is_recorded_once(store: EventStore) -> None:
    """Under its source and mapping; the same bytes through another mapping are another file."""
    numbers: dict[str, Any] = {
        "size_bytes": 9,
        "rows": 3,
        "facts": 3,
        "customers": 1,
        "duplicates": 0,
        "quarantined": 0,
    }
    command = RecordFile(origin="pos/fact", source="pos", file_name="a.csv", sha256="ab" * 32, **numbers)
    by = Context(actor="import")
    assert await record_file(store, command, by=by)
    assert not await record_file(store, command, by=by)
    assert await record_file(store, msgspec.structs.replace(command, origin="pos/customer"), by=by)
    assert await _count(store, "decision_log") == 2
