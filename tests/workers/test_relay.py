"""The relay: every position on JetStream once and in order, whoever is killed and however many relays there are."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from commands.activity.intake import Intake
from commands.runtime.event_store import open_event_store, open_recorder
from commands.runtime.mapper import SealingMapper
from domain.activity.activity import Activity
from domain.activity.sealing import FileImported
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from domain.kernel import Meta
from workers import bus
from workers.relay.relay import Relay


@asynccontextmanager
async def jetstream(nats_url: str, *, window: float = 120) -> AsyncIterator[tuple[JetStreamContext, str]]:
    """Yield a stream of this test's own; its name is also the first word of its subjects."""
    name = f"T{uuid4().hex[:12]}"
    async with bus.connect(nats_url, name="test") as client:
        js = client.jetstream()
        await js.add_stream(StreamConfig(name=name, subjects=[f"{name}.>"], duplicate_window=window))
        yield js, name
        await js.delete_stream(name)


def _write(database: str, count: int) -> None:
    recorder, mapper = open_recorder(database), SealingMapper()
    at = datetime(2026, 11, 11, tzinfo=UTC)
    events = [
        FileImported(
            originator_id=uuid4(),
            originator_version=1,
            meta=Meta(occurred_at=at, recorded_at=at, actor="pos"),
            source="pos",
            file_name=f"{number}.csv",
            sha256="00",
            size_bytes=1,
            rows=1,
            facts=1,
            customers=0,
            duplicates=0,
            quarantined=0,
        )
        for number in range(count)
    ]
    recorder.insert_events([mapper.to_stored_event(event) for event in events])
    recorder.datastore.close()


async def _positions(js: JetStreamContext, stream: str) -> list[int]:
    info = await js.stream_info(stream)
    found = []
    for sequence in range(1, info.state.last_seq + 1):
        message = await js.get_msg(stream, seq=sequence)
        assert message.headers
        found.append(int(message.headers["Koi-At"].split()[0]))
    return found


async def _relay(database: str, js: JetStreamContext, stream: str, until: int) -> None:
    """Relay until the stream has that many messages, beginning anew whenever something breaks."""
    while (await js.stream_info(stream)).state.messages < until:
        connection = await asyncpg.connect(database)
        try:
            relay = Relay(js, stream=stream, prefix=stream)
            while await relay.publish_page(connection):
                pass
        finally:
            await connection.close()


async def test_every_position_is_published_once_and_in_order(database: str, nats_url: str) -> None:
    """The stream is the log, message by message."""
    await asyncio.to_thread(_write, database, 500)
    async with jetstream(nats_url) as (js, stream):
        await _relay(database, js, stream, 500)
        assert await _positions(js, stream) == list(range(1, 501))


async def test_two_relays_and_sudden_deaths_never_publish_twice(database: str, nats_url: str) -> None:
    """The fence holds where the window of duplicates (here a tenth of a second) has long forgotten."""
    rng = random.Random(5)  # noqa: S311 - moments of death, no secret
    await asyncio.to_thread(_write, database, 1_500)
    async with jetstream(nats_url, window=0.1) as (js, stream):

        async def mortal() -> None:
            for _ in range(12):
                life = asyncio.create_task(_relay(database, js, stream, 1_500))
                await asyncio.wait([life], timeout=rng.uniform(0.01, 0.08))
                life.cancel()
                await asyncio.gather(life, return_exceptions=True)

        await asyncio.gather(mortal(), mortal())
        await _relay(database, js, stream, 1_500)
        assert await _positions(js, stream) == list(range(1, 1_501))


def _activity(number: int, occurred_at: datetime) -> Activity:
    return Activity(
        message_id=f"m{number}",
        source="app",
        name="product.viewed",
        occurred_at=occurred_at,
        received_at=occurred_at,
        identifiers=(identifier("member_code", f"M{number}"),),
        properties={"product_id": f"sku-{number}", "label": '“纸尿裤” "L"\n'},
    )


async def _packed(js: JetStreamContext, stream: str) -> Sequence[tuple[str, str]]:
    info = await js.stream_info(stream)
    messages = [await js.get_msg(stream, seq=sequence) for sequence in range(1, info.state.last_seq + 1)]
    return [(message.subject or "", (message.data or b"").decode()) for message in messages]


@pytest.mark.parametrize(("age", "is_packed"), [(timedelta(), True), (timedelta(days=3), False)])
async def test_facts_travel_packed_unless_they_are_history(
    database: str, nats_url: str, age: timedelta, *, is_packed: bool
) -> None:
    """A fresh batch reaches the workers in a few messages; one of last week is announced, not sent."""
    async with open_event_store(database, b"k" * 32) as store, Intake(store, Naming(b"p" * 32)) as intake:
        await intake.take([_activity(number, datetime.now(UTC) - age) for number in range(40)])
    async with jetstream(nats_url) as (js, stream):
        connection = await asyncpg.connect(database, server_settings={"timezone": "UTC"})
        await Relay(js, stream=stream, prefix=stream).publish_page(connection)
        await connection.close()
        facts = [body for subject, body in await _packed(js, stream) if ".facts." in subject]
    assert len(facts) <= bus.PARTITIONS
    assert sum(body.count('"name":"product.viewed"') for body in facts) == (40 if is_packed else 0)
