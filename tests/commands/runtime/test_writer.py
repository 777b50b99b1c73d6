"""Group commit: many commands, few transactions, and nobody pays for a neighbour's conflict."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from eventsourcing.persistence import OperationalError
from psycopg import Cursor
from psycopg.rows import DictRow

from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.event_store import EventStore, open_event_store, open_pool, open_recorder
from commands.runtime.keyring import KeyRing
from commands.runtime.recorder import DecisionRecorder
from commands.runtime.streams import Streams
from commands.runtime.suppressions import Suppressions
from commands.runtime.writer import Writer
from domain.identity.customer import ConsentState, Customer, Observed
from domain.kernel.errors import StaleVersionError

_KEY = b"k" * 32
_SHOP = Context(actor="shop")


def _member(number: int) -> Customer:
    customer = Customer(uuid4())
    customer.register((Observed(customer.id, "member_code", f"M{number}"),))
    return customer


def _grant(customer: Customer) -> None:
    customer.change_consent(
        "email",
        "marketing",
        ConsentState.GRANTED,
        text_version="2026-11",
        source="app",
        occurred_at=datetime(2026, 11, 11, tzinfo=UTC),
    )


async def _count(store: EventStore) -> int:
    count: int = await store.pool.fetchval("SELECT count(*) FROM decision_log")
    return count


async def test_commands_given_at_once_are_all_recorded_at_positions_of_their_own(database: str) -> None:
    """Two hundred members registering together each get their own place in the one order."""
    async with open_event_store(database, _KEY) as store:
        saved = await asyncio.gather(*(store.streams.save(_member(n), by=_SHOP) for n in range(200)))
        assert sorted(one.position for one in saved) == list(range(1, 201))


async def test_a_conflict_is_told_to_the_one_who_caused_it_and_to_nobody_else(database: str) -> None:
    """Neighbours in the same flush go through."""
    async with open_event_store(database, _KEY) as store:
        member = _member(1)
        await store.streams.save(member, by=_SHOP)
        first, second = await store.streams.load(Customer, member.id), await store.streams.load(Customer, member.id)
        _grant(first)
        _grant(second)
        others = [_member(n) for n in range(20)]
        outcomes = await asyncio.gather(
            store.streams.save(first, by=_SHOP),
            *(store.streams.save(one, by=_SHOP) for one in others[:10]),
            store.streams.save(second, by=_SHOP),
            *(store.streams.save(one, by=_SHOP) for one in others[10:]),
            return_exceptions=True,
        )
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert [type(outcome) for outcome in failed] == [StaleVersionError]
        assert await _count(store) == 22


async def test_a_repeated_command_gives_the_first_answer_and_writes_nothing(database: str) -> None:
    """Whoever repeats a command after a lost answer learns what it led to."""
    async with open_event_store(database, _KEY) as store:
        by = Context(actor="shop", command_id=uuid4())
        saved = await store.streams.save(_member(1), by=by, result={"code": "M1"})
        with pytest.raises(AlreadyDoneError) as caught:
            await store.streams.save(_member(2), by=by, result={"code": "M2"})
        assert caught.value.position == saved.position
        assert caught.value.result == b'{"code":"M1"}'
        assert await _count(store) == 1
        with pytest.raises(AlreadyDoneError):
            await store.streams.refuse_repeat(by)


class _LosesTheFirstAnswer(DecisionRecorder):
    """The connection is cut after the first commit, before its answer arrives."""

    lost = False

    @contextmanager
    def _transaction(self) -> Iterator[Cursor[DictRow]]:
        with super()._transaction() as cursor:
            yield cursor
        if not self.lost:
            self.lost = True
            raise OperationalError


async def test_a_connection_cut_after_the_commit_is_not_reported_as_a_conflict(database: str) -> None:
    """The answer to COMMIT got lost: the retry finds its own command in the log and reports it done, once."""
    recorder = _LosesTheFirstAnswer(open_recorder(database).datastore, events_table_name="decision_log")
    pool = await open_pool(database)
    async with Writer(recorder) as writer:
        streams = Streams(pool, ring := KeyRing(pool, _KEY), writer, Suppressions(pool, ring.forget))
        by = Context(actor="shop", command_id=uuid4())
        with pytest.raises(AlreadyDoneError) as caught:
            await streams.save(_member(1), by=by, result="registered")
        assert recorder.lost
        assert (caught.value.position, caught.value.result) == (1, b'"registered"')
        assert await pool.fetchval("SELECT count(*) FROM decision_log") == 1
    recorder.datastore.close()
    await pool.close()


async def test_state_of_a_stream_is_readable_with_plain_sql_and_without_personal_values(database: str) -> None:
    """An auditor needs no Koi to read the log, and finds no phone number in it."""
    async with open_event_store(database, _KEY) as store:
        customer = Customer(uuid4())
        customer.register((Observed(customer.id, "phone", "+8613912345678"),))
        await store.streams.save(customer, by=_SHOP)
        row = await store.pool.fetchrow(
            "SELECT topic, state->>'named_by' AS named_by, state::text AS text FROM decisions WHERE stream_id = $1",
            customer.id,
        )
        assert row is not None
        assert (row["topic"], row["named_by"]) == ("customer.registered.v1", "phone")
        assert "13912345678" not in row["text"]
        read = await store.streams.load(Customer, customer.id)
        assert read.identifiers == {customer.id: ("phone", "+8613912345678")}


async def test_without_its_key_a_customer_is_still_readable_but_no_longer_personal(database: str) -> None:
    """Destroying the key is enough: the history stays, what was personal in it is gone."""
    async with open_event_store(database, _KEY) as store:
        customer = Customer(uuid4())
        customer.register((Observed(customer.id, "email", "li@example.cn"),))
        customer.describe({"tier": "gold"}, {"first_name": "丽"}, datetime(2026, 11, 1, tzinfo=UTC))
        await store.streams.save(customer, by=_SHOP)
        await store.pool.execute("DELETE FROM subject_key WHERE subject_id = $1", customer.id)
    async with open_event_store(database, _KEY) as store:
        read = await store.streams.load(Customer, customer.id)
        assert set(read.claims) == {customer.id}
        assert read.identifiers == {}
        assert {name: attribute.value for name, attribute in read.attributes.items()} == {"tier": "gold"}
