"""The identifiers a person was ever seen with, in clear: read once more, so that an erasure finds what names her."""

from collections.abc import Collection
from uuid import UUID

from commands.runtime.event_store import EventStore
from commands.runtime.mapper import SealingMapper
from domain.identity.customer import Customer

_NAMED = """
    SELECT originator_id, originator_version, topic, state FROM decision_log
    WHERE originator_id = ANY($1) AND topic = ANY($2) ORDER BY originator_id, originator_version
"""
_TOPICS = [Customer.Registered.TOPIC, Customer.Identified.TOPIC]


async def known_names(store: EventStore, customers: Collection[UUID]) -> set[str]:
    """Return every value the customers were seen with, as far as their keys exist."""
    keyring = store.keyring.apart()
    await keyring.load(customers)
    mapper = SealingMapper(keyring)
    rows = await store.pool.fetch(_NAMED, list(customers), _TOPICS)
    events = (
        mapper.decoded(row["topic"], row["state"], row["originator_id"], row["originator_version"]) for row in rows
    )
    return {
        value
        for event in events
        if isinstance(event, Customer.Registered | Customer.Identified)
        for value in event.identifiers.values()
    }
