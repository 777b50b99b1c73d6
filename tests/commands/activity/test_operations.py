"""What activities ask of profiles, by several processes at once: each counts once, and the order decides nothing."""

import asyncio
import random
from datetime import timedelta
from typing import Any

from domain.activity.activity import Activity
from domain.activity.operation import Operation, OperationKind
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from projections.customer_360 import queries
from projections.customer_360.projector import PROJECTION
from projections.engine.connecting import connect
from projections.engine.verify import verify
from tests.commands.activity.test_intake import _AT, NAMING, opened
from tests.projections.following import current


def told(number: int, name: str = "profile.described", **more: Any) -> Activity:
    """Something said of a member, a second after the one before."""
    return Activity(
        message_id=f"m{number}",
        source="app",
        name=name,
        occurred_at=_AT + timedelta(seconds=number),
        received_at=_AT,
        identifiers=(identifier("member_code", "M1"),),
        **more,
    )


def _said() -> list[Activity]:
    words: list[tuple[OperationKind, dict[str, Any]]] = [
        (OperationKind.SET, {"points": 100, "tier": "gold"}),
        (OperationKind.SET_ONCE, {"first": "web", "email": "li@example.cn"}),
        (OperationKind.SET_ONCE, {"first": "app"}),
        (OperationKind.EXTEND, {"hobbies": ["tea"]}),
        (OperationKind.EXTEND, {"hobbies": ["silk", "tea"]}),
        (OperationKind.REMOVE, {"tier": True}),
    ]
    operations = [told(n, operation=Operation(kind=kind, attributes=given)) for n, (kind, given) in enumerate(words)]
    return operations + [told(10 + n, "profile.incremented", properties={"points": n, "visits": 1}) for n in range(20)]


async def _attributes(database: str, position: int) -> dict[str, Any]:
    await current(database, position, PROJECTION)
    reading = await connect(database, "customer_360")
    customer_id = NAMING.customer_id(identifier("member_code", "M1"))
    seen = await queries.profile(reading, customer_id, [customer_id], _AT)
    await reading.close()
    return {one.key: one.value if one.sealed is None else "sealed" for one in seen.attributes}


async def test_two_processes_told_the_same_in_any_order_count_each_word_once(
    database: str,
) -> None:
    """Every word goes to both, shuffled, in requests of its own; the view rebuilt is the view kept."""
    shuffler = random.Random(7)  # noqa: S311 - a shuffle that repeats
    async with opened(database) as (store, one), opened(database) as (_, other):
        requests = [(intake, [said]) for intake in (one, other, other) for said in _said()]
        shuffler.shuffle(requests)
        taken = await asyncio.gather(*(intake.take(said) for intake, said in requests))
        assert (sum(t.accepted for t in taken), sum(t.duplicates for t in taken)) == (26, 52)
        position = await store.pool.fetchval("SELECT max(notification_id) FROM decision_log")
        customer = await store.streams.load(Customer, NAMING.customer_id(identifier("member_code", "M1")))
    assert await _attributes(database, position) == {
        "email": "sealed",
        "first": "web",
        "hobbies": ["tea", "silk"],
        "points": 100 + sum(range(20)),
        "visits": 20,
    }
    assert {key: one.value for key, one in customer.attributes.items()} == {
        "email": "li@example.cn",
        "first": "web",
        "hobbies": ["tea", "silk"],
        "points": 100,
    }
    assert (await verify(database, PROJECTION)).equal
