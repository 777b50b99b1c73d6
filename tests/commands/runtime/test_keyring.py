"""The key ring: one key per customer, however many ask for it at once, and nothing without it."""

import asyncio
from uuid import uuid4

import pytest

from commands.runtime.event_store import open_pool
from commands.runtime.keyring import KeyRing

_MASTER = b"m" * 32


async def test_processes_that_meet_a_customer_at_once_come_to_the_same_key(database: str) -> None:
    """Whatever one of them seals the others can read."""
    pool = await open_pool(database)
    rings = [KeyRing(pool, _MASTER) for _ in range(6)]
    subjects = [uuid4() for _ in range(50)]
    await asyncio.gather(*(ring.ensure(subjects) for ring in rings))
    for subject in subjects:
        sealed = rings[0].seal(subject, b"13912345678")
        assert {ring.unseal(subject, sealed) for ring in rings} == {b"13912345678"}
    await pool.close()


async def test_a_value_sealed_for_one_customer_opens_for_no_other(database: str) -> None:
    """Sealed bytes copied into another's row stay closed."""
    pool = await open_pool(database)
    ring = KeyRing(pool, _MASTER)
    li, wang = uuid4(), uuid4()
    await ring.ensure([li, wang])
    assert ring.unseal(wang, ring.seal(li, b"secret")) is None
    await pool.close()


async def test_a_ring_that_is_full_still_holds_every_key_just_asked_for(database: str) -> None:
    """More customers than room: those of the batch at hand are the last to be dropped."""
    pool = await open_pool(database)
    ring = KeyRing(pool, _MASTER, capacity=10)
    first, later = [uuid4() for _ in range(10)], [uuid4() for _ in range(5)]
    await ring.ensure(first)
    await ring.ensure([*first[:5], *later])
    assert all(ring.seal(subject, b"x") for subject in [*first[:5], *later])
    with pytest.raises(KeyError):
        ring.seal(first[9], b"x")
    await pool.close()


async def test_without_the_row_there_is_no_key(database: str) -> None:
    """Deleting the row erases: nothing makes the key again."""
    pool = await open_pool(database)
    ring, customer = KeyRing(pool, _MASTER), uuid4()
    await ring.ensure([customer])
    sealed = ring.seal(customer, b"x")
    await pool.execute("DELETE FROM subject_key")
    other = KeyRing(pool, _MASTER)
    await other.load([customer])
    assert other.unseal(customer, sealed) is None
    await pool.close()
