"""The intake: what is acknowledged is history, once, whoever else is writing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from commands.activity.intake import Intake
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.facts import DIGEST
from commands.runtime.writer import WriterClosedError
from domain.activity.activity import Activity
from domain.activity.sealing import FactsSealed
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from domain.kernel.stored import from_state

_AT = datetime(2026, 11, 11, 9, 30, tzinfo=UTC)
NAMING = Naming(b"p" * 32)


@asynccontextmanager
async def opened(database: str) -> AsyncIterator[tuple[EventStore, Intake]]:
    """Open a process's event store and intake."""
    async with open_event_store(database, b"k" * 32) as store, Intake(store, NAMING) as intake:
        yield store, intake


def viewed(number: int, member: str = "M1", **more: Any) -> Activity:
    """A member looked at a product."""
    return Activity(
        message_id=f"m{number}",
        source="app",
        name="product.viewed",
        occurred_at=_AT,
        received_at=_AT,
        identifiers=(identifier("member_code", member), identifier("anonymous", f"browser-{member}")),
        properties={"product_id": f"sku-{number}"},
        **more,
    )


async def _seals(store: EventStore) -> list[FactsSealed]:
    rows = await store.pool.fetch(
        "SELECT originator_id, topic, state FROM decision_log WHERE topic = $1 ORDER BY notification_id",
        FactsSealed.TOPIC,
    )
    events = [from_state(row["topic"], row["state"], row["originator_id"], 1) for row in rows]
    return [event for event in events if isinstance(event, FactsSealed)]


async def test_a_batch_is_facts_a_customer_and_one_seal_over_exactly_its_rows(database: str) -> None:
    """The seal's range, count and digest are those of the stored rows."""
    async with opened(database) as (store, intake):
        taken = await intake.take([viewed(number) for number in range(50)])
        assert (taken.accepted, taken.duplicates) == (50, 0)
        (seal,) = await _seals(store)
        rows = await store.pool.fetch("SELECT fact_id, customer_id FROM fact_log ORDER BY fact_id")
        assert (rows[0]["fact_id"], rows[-1]["fact_id"], len(rows)) == (seal.first_id, seal.last_id, seal.count)
        assert {row["customer_id"] for row in rows} == {NAMING.customer_id(identifier("member_code", "M1"))}
        query = DIGEST.format(recorded_at="$1", first_id="$2", last_id="$3")
        digest = await store.pool.fetchrow(query, seal.recorded_at, seal.first_id, seal.last_id)
        assert digest is not None
        assert digest["sha256"] == seal.sha256
        customer = await store.streams.load(Customer, rows[0]["customer_id"])
        assert sorted(customer.claims.values()) == ["anonymous", "member_code"]
        assert taken.position == await store.pool.fetchval("SELECT max(notification_id) FROM decision_log")


async def test_the_same_message_twice_is_one_fact_in_a_batch_and_across_batches(database: str) -> None:
    """Retries of a tracker are recognised by source and message id."""
    async with opened(database) as (store, intake):
        first = await intake.take([viewed(1), viewed(1), viewed(2)])
        again = await intake.take([viewed(2), viewed(3)])
        assert [(one.accepted, one.duplicates) for one in (first, again)] == [(2, 1), (1, 1)]
        assert await store.pool.fetchval("SELECT count(*) FROM fact_log") == 3


async def test_a_tracker_whose_ids_look_like_a_marketplaces_tells_yuan_all_the_same(database: str) -> None:
    """What tells money in fen says so in the fact; whoever only looks like it says that it does not."""
    async with opened(database) as (store, intake):
        shop = msgspec.structs.replace(viewed(1), message_id="77:product.viewed")
        await intake.take([shop, msgspec.structs.replace(viewed(2), is_minor=True), viewed(3)])
        told = await store.pool.fetch("SELECT body -> '$' ->> 'minor' AS minor FROM fact_log ORDER BY fact_id")
        assert [row["minor"] for row in told] == ["false", "true", None]


async def test_requests_at_once_share_a_seal_and_each_learns_its_own_share(database: str) -> None:
    """Group commit: a hundred requests, few transactions, exact answers."""
    async with opened(database) as (store, intake):
        taken = await asyncio.gather(*(intake.take([viewed(n, f"M{n}"), viewed(n + 1, f"M{n}")]) for n in range(100)))
        assert sum(one.accepted for one in taken) == 101
        assert sum(one.duplicates for one in taken) == 99
        assert len(await _seals(store)) < 20


async def test_two_processes_seeing_the_same_new_customers_register_each_of_them_once(database: str) -> None:
    """Whoever loses the race decides again; nothing is lost and no stream has a gap."""
    async with opened(database) as (store, one), opened(database) as (_, other):
        await asyncio.gather(
            *(one.take([viewed(n, f"M{n % 20}")]) for n in range(200)),
            *(other.take([viewed(1_000 + n, f"M{n % 20}")]) for n in range(200)),
        )
        assert await store.pool.fetchval("SELECT count(*) FROM fact_log") == 400
        assert (
            await store.pool.fetchval("SELECT count(*) FROM decision_log WHERE topic = 'customer.registered.v1'") == 20
        )
        gaps = "SELECT count(*) FROM (SELECT 1 FROM decision_log GROUP BY originator_id"
        assert await store.pool.fetchval(f"{gaps} HAVING max(originator_version) <> count(*)) AS broken") == 0


async def test_a_request_that_cannot_be_written_does_not_take_its_neighbours_with_it(database: str) -> None:
    """The database refuses what no parser let through; the others in the same flush are acknowledged."""
    async with opened(database) as (store, intake):
        broken = viewed(7, amount=2**70, currency="CNY")
        requests = [[viewed(number)] for number in range(5)] + [[broken]] + [[viewed(10 + n)] for n in range(5)]
        outcomes = await asyncio.gather(*(intake.take(one) for one in requests), return_exceptions=True)
        assert [index for index, one in enumerate(outcomes) if isinstance(one, BaseException)] == [5]
        assert await store.pool.fetchval("SELECT count(*) FROM fact_log") == 10


async def test_what_is_personal_is_sealed_and_an_anonymous_id_is_not_kept_at_all(database: str) -> None:
    """The fact log shows an auditor what happened, and nobody's address."""
    async with opened(database) as (store, intake):
        personal = {"properties": {"note": "Li Na, 13912345678"}}
        traits = {"email": "li@example.cn", "tier": "gold", "name": "Li Na"}
        await intake.take([viewed(1, personal=personal, traits=traits)])
        written = await store.pool.fetchval("SELECT string_agg(state::text, ' ') FROM decisions")
        written += await store.pool.fetchval("SELECT body::text FROM fact_log")
        for secret in ("13912345678", "li@example.cn", "Li Na", "browser-M1"):
            assert secret not in written
        customer_id = NAMING.customer_id(identifier("member_code", "M1"))
        sealed = await store.pool.fetchval("SELECT sealed FROM fact_log")
        assert b"13912345678" in (store.keyring.unseal(customer_id, sealed) or b"")
        customer = await store.streams.load(Customer, customer_id)
        assert {name: one.value for name, one in customer.attributes.items()} == traits


async def test_a_stopping_process_tells_those_who_wait(database: str) -> None:
    """Nobody is left hanging, and nobody is told yes."""
    async with open_event_store(database, b"k" * 32) as store:
        intake = Intake(store, NAMING)  # its task was never started: the batch can only wait
        waiting = asyncio.create_task(intake.take([viewed(1)]))
        await asyncio.sleep(0)
        await intake.__aexit__(None, None, None)
        with pytest.raises(WriterClosedError):
            await waiting
