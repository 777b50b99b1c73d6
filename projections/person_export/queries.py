"""Read everything about a person from the log, part by part, as a stream."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from domain import history
from domain.identity.customer import Customer
from domain.kernel.event import Event, topics_of, type_of_topic
from domain.kernel.stored import from_state
from projections.person_export.document import (
    SECTIONS,
    Fact,
    Happened,
    Identity,
    InList,
    Item,
    Predicted,
    Section,
    Sent,
    Word,
)
from projections.segment_lists.queries import listings

__all__ = ["history"]  # completes the register of topics

Unsealed = Callable[[UUID, bytes], bytes | None]
Connection = asyncpg.Connection | PoolConnectionProxy

_PREFETCH: Final = 500
_HER_OWN: Final = """
    SELECT notification_id, originator_id, originator_version, topic, state FROM decision_log
    WHERE originator_id = ANY($1) ORDER BY originator_id, originator_version
"""
# Streams that are about her: their events under `event_timeline`, read whole from the log.
_ABOUT_HER: Final = """
    SELECT notification_id, originator_id, originator_version, topic, state FROM decision_log
    WHERE originator_id IN (
        SELECT DISTINCT stream_id FROM event_timeline.decision WHERE customer_id = ANY($1) AND NOT stream_id = ANY($1)
    ) AND topic LIKE $2 ORDER BY originator_id, originator_version
"""
_OTHERS: Final = """
    SELECT notification_id, originator_id, originator_version, topic, state FROM decision_log
    WHERE originator_id IN (
        SELECT DISTINCT stream_id FROM event_timeline.decision WHERE customer_id = ANY($1) AND NOT stream_id = ANY($1)
    ) AND NOT topic LIKE ANY($2) ORDER BY originator_id, originator_version
"""
_PREDICTED: Final = """
    SELECT model, model_version, at, value, label, further::text AS further, reasons::text AS reasons FROM prediction
    WHERE profile_id = ANY($1) ORDER BY model, at, profile_id
"""
_LISTED: Final = "SELECT DISTINCT list_id FROM segment_list WHERE customer_id = ANY($1)"
_SENT: Final = """
    SELECT channel, subject, body, accepted_at FROM sandbox_outbox WHERE customer_id = ANY($1) ORDER BY accepted_at
"""
_FACTS: Final = """
    SELECT fact_id, name, source, customer_id, occurred_at, recorded_at, amount, currency, body, sealed FROM fact_log
    WHERE customer_id = $1 ORDER BY occurred_at, fact_id
"""
_IDENTIFIED: Final = (Customer.Registered, Customer.Identified, Customer.Bound)
_ABOUT: Final[dict[Section, str]] = {"journeys": "journey.%", "messages": "message.%", "coupons": "coupon.%"}
# A customer's own events that are told in a part of their own; all others are among the decisions.
_TOLD_APART: Final[dict[Section, frozenset[str]]] = {
    "consents": topics_of(Customer.ConsentChanged),
    "tags": topics_of(Customer.Tagged) | topics_of(Customer.Untagged),
}
_AS_JSON: Final = {"further": "{}", "reasons": "[]"}
_BOOKKEEPING: Final = frozenset({"originator_id", "originator_version", "meta"})


async def items(
    connection: Connection, members: Collection[UUID], ids: Collection[UUID], unsealed: Unsealed
) -> AsyncIterator[tuple[Section, Item]]:
    """Yield every item of every section, in the order of `SECTIONS`, from inside a transaction.

    `members` are the customers, `ids` every id the person goes by; the customers' keys are loaded.
    """
    for section in SECTIONS:
        async for item in _section(section, connection, list(members), list(ids), unsealed):
            yield section, item


def _section(
    section: Section, connection: Connection, members: list[UUID], ids: list[UUID], unsealed: Unsealed
) -> AsyncIterator[Item]:
    match section:
        case "facts":
            return _facts(connection, members, unsealed)
        case "sent" | "predictions" | "lists":
            return _OF_TABLES[section](connection, ids)
        case "journeys" | "messages" | "coupons":
            return _about_her(connection, ids, _ABOUT[section], unsealed)
        case "decisions":
            return _decisions(connection, members, ids, unsealed)
        case _:
            return _her_own(section, connection, members, unsealed)


async def _facts(connection: Connection, members: list[UUID], unsealed: Unsealed) -> AsyncIterator[Item]:
    for member in members:  # one after the other: each is in the order of its index
        async for row in connection.cursor(_FACTS, member, prefetch=_PREFETCH):
            yield _fact(row, unsealed)


async def _sent(connection: Connection, ids: list[UUID]) -> AsyncIterator[Item]:
    async for row in connection.cursor(_SENT, ids, prefetch=_PREFETCH):
        yield Sent(**row)


async def _predictions(connection: Connection, ids: list[UUID]) -> AsyncIterator[Item]:
    async for row in connection.cursor(_PREDICTED, ids, prefetch=_PREFETCH):
        told = {name: msgspec.json.decode(row[name] or default) for name, default in _AS_JSON.items()}
        yield Predicted(**(dict(row) | told))


async def _lists(connection: Connection, ids: list[UUID]) -> AsyncIterator[Item]:
    reading: Any = connection  # the pool's proxy is a connection
    stands_in = {row["list_id"] for row in await connection.fetch(_LISTED, ids)}
    for key, versions in (await listings(reading)).items() if stands_in else ():
        for one in versions:
            if one.list_id in stands_in:
                yield InList(segment=key, segment_version=one.segment_version, since=one.since)


_OF_TABLES: Final[dict[Section, Callable[[Connection, list[UUID]], AsyncIterator[Item]]]] = {
    "sent": _sent,
    "predictions": _predictions,
    "lists": _lists,
}


async def _about_her(connection: Connection, ids: list[UUID], topics: str, unsealed: Unsealed) -> AsyncIterator[Item]:
    async for row in connection.cursor(_ABOUT_HER, ids, topics, prefetch=_PREFETCH):
        yield _happened(row, unsealed)


async def _her_own(
    section: Section, connection: Connection, members: list[UUID], unsealed: Unsealed
) -> AsyncIterator[Item]:
    async for row in connection.cursor(_HER_OWN, members, prefetch=_PREFETCH):
        for item in _told(section, row, unsealed):
            yield item


async def _decisions(
    connection: Connection, members: list[UUID], ids: list[UUID], unsealed: Unsealed
) -> AsyncIterator[Item]:
    async for row in connection.cursor(_HER_OWN, members, prefetch=_PREFETCH):
        if not any(_tells(section, row["topic"]) for section in SECTIONS):
            yield _happened(row, unsealed)
    async for row in connection.cursor(_OTHERS, ids, list(_ABOUT.values()), prefetch=_PREFETCH):
        yield _happened(row, unsealed)


def _tells(section: Section, topic: str) -> bool:
    """Whether a customer's own event is told in this part."""
    if section in _TOLD_APART:
        return topic in _TOLD_APART[section]
    kind = type_of_topic.get(topic)
    if kind is None:
        return False
    if section == "identities":
        return issubclass(kind, _IDENTIFIED)
    return section == "attributes" and "personal" in kind.PERSONAL


def _told(section: Section, row: asyncpg.Record, unsealed: Unsealed) -> Iterator[Item]:
    if not _tells(section, row["topic"]):
        return
    event = _event(row, unsealed)
    match section:
        case "identities":
            yield from _identities(event)
        case "attributes":
            yield from _words(event, row["topic"])
        case _:
            yield _happened(row, unsealed)


def _identities(event: Event) -> Iterator[Identity]:
    if isinstance(event, _IDENTIFIED):
        for claim in event.claims:
            yield Identity(
                type=claim.type,
                value=event.identifiers.get(str(claim.id)),
                customer_id=event.originator_id,
                **_when(event),
            )


def _words(event: Event, topic: str) -> Iterator[Word]:
    values: dict[str, Any] = getattr(event, "attributes", {}) | getattr(event, "personal", {})
    grounds = event.grounds if isinstance(event, Customer.AttributesInferred) else {}
    for name, value in values.items():
        ground = grounds.get(name)
        yield Word(
            name=ground.attribute if ground else name,
            value=value,
            how=topic,
            inferred=ground is not None,
            because=msgspec.structs.asdict(ground) if ground else {},
            customer_id=event.originator_id,
            **_when(event),
        )


def _happened(row: asyncpg.Record, unsealed: Unsealed) -> Happened:
    event = _event(row, unsealed)
    return Happened(
        topic=row["topic"],
        position=row["notification_id"],
        stream_id=row["originator_id"],
        says=_says(event),
        **_when(event),
    )


def _says(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__ if name not in _BOOKKEEPING}


def _when(event: Event) -> dict[str, Any]:
    meta = event.meta
    times: dict[str, datetime] = {"occurred_at": meta.occurred_at, "recorded_at": meta.recorded_at}
    return times | {"told_by": meta.actor}


def _event(row: asyncpg.Record, unsealed: Unsealed) -> Event:
    stream_id = row["originator_id"]
    return from_state(
        row["topic"],
        row["state"],
        stream_id,
        row["originator_version"],
        lambda sealed: unsealed(stream_id, sealed),
    )


def _fact(row: asyncpg.Record, unsealed: Unsealed) -> Fact:
    fields = dict(row)
    sealed = fields.pop("sealed")
    clear = unsealed(row["customer_id"], sealed) if sealed is not None else None
    personal = msgspec.json.decode(clear) if clear is not None else None
    return Fact(**fields | {"body": msgspec.json.decode(row["body"]), "personal": personal})
