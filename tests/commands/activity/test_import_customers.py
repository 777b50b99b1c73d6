"""Customers in bulk: registered once, whoever else imports them, and described where something new is said."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from commands.activity.import_customers import MOST_EVENTS, Seen, import_customers
from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from domain.identity.customer import Customer, Observed

_AT = datetime(2026, 11, 11, 9, 30, tzinfo=UTC)
_BY = Context(actor="import")


def a_member(number: int, **said: object) -> Seen:
    """A member as a file shows it."""
    customer_id = UUID(int=number)
    identifiers = (Observed(customer_id, "member_code", f"M{number}"),)
    return Seen(customer_id=customer_id, identifiers=identifiers, occurred_at=_AT, attributes=said)


async def test_more_customers_than_a_transaction_holds_are_all_registered_once(database: str) -> None:
    """Two imports of the same members at the same time: one of them finds the work done."""
    members = [a_member(number) for number in range(1, MOST_EVENTS + 101)]
    async with open_event_store(database, b"k" * 32) as one, open_event_store(database, b"k" * 32) as other:
        await asyncio.gather(*(import_customers(store, members, by=_BY) for store in (one, other)))
        rows = await one.pool.fetch("SELECT topic, count(*) AS events FROM decision_log GROUP BY topic")
        assert {row["topic"]: row["events"] for row in rows} == {"customer.registered.v1": MOST_EVENTS + 100}
        customer = await other.streams.load(Customer, members[-1].customer_id)
    assert list(customer.identifiers.values()) == [("member_code", f"M{MOST_EVENTS + 100}")]


async def test_only_news_is_written(database: str) -> None:
    """What a member is said to be counts from the time it was said; said again, it changes nothing."""
    async with open_event_store(database, b"k" * 32) as store:
        for level in ("silver", "silver", "gold"):
            await import_customers(store, [a_member(1, level=level), a_member(2)], by=_BY)
        first, second = (await store.streams.load_many(Customer, [UUID(int=n) for n in (1, 2)])).values()
        times = await store.pool.fetch("SELECT DISTINCT state -> 'meta' ->> 'occurred_at' AS at FROM decisions")
    # Said at the same moment, the greater word wins: silver.
    assert (first.version, first.attributes["level"].value, second.version) == (2, "silver", 1)
    assert [row["at"] for row in times] == ["2026-11-11T09:30:00Z"]
