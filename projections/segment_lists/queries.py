"""Read the lists of static segments: whom one holds, and the words that they make of a person's history."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.kernel.rules.history import Word
from domain.segments.segment import list_id
from projections.engine.projection import Reading

_MOST_NAMES: Final = 100_000
_LISTINGS: Final = """
    SELECT s.key, d.segment_version, d.sha256, d.defined_at
    FROM segment_catalogue.definition AS d JOIN segment_catalogue.segment AS s USING (segment_id)
    WHERE s.kind = 'static' ORDER BY s.key, d.segment_version
"""
_STANDING: Final = "SELECT list_id, customer_id FROM segment_list WHERE customer_id = ANY($1)"
_PEOPLE: Final = "SELECT customer_id FROM segment_list WHERE list_id = $1"
_KNOWN: Final = """
    SELECT n.customer_id, n.profile_id FROM identity_graph.customer AS n
    WHERE n.customer_id = ANY($1) AND n.hold IS NULL AND EXISTS (
        SELECT FROM identity_graph.customer AS m WHERE m.profile_id = n.profile_id AND m.registered_at IS NOT NULL)
"""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a static segment was from an instant on."""

    segment_version: int
    list_id: UUID
    since: datetime


async def listings(reading: Reading) -> dict[str, list[Listing]]:
    """Return the lists of every static segment by key, the first one first."""
    found: dict[str, list[Listing]] = {}
    for row in await reading.fetch(_LISTINGS):
        listing = Listing(
            segment_version=row["segment_version"], list_id=list_id(row["sha256"]), since=row["defined_at"]
        )
        found.setdefault(row["key"], []).append(listing)
    return found


async def list_words(
    reading: Reading, members: Mapping[UUID, Collection[UUID]]
) -> dict[UUID, dict[str, tuple[Word, ...]]]:
    """Return for each profile (given its customers) since when it stands in which static segments, and until when."""
    customers = sorted({one for profile_id, group in members.items() for one in (profile_id, *group)})
    standing: dict[UUID, set[UUID]] = {}
    for row in await reading.fetch(_STANDING, customers):
        standing.setdefault(row["customer_id"], set()).add(row["list_id"])
    if not standing:
        return {}
    every = await listings(reading)
    found = {}
    for profile_id, group in members.items():
        on = {one for customer in (profile_id, *group) for one in standing.get(customer, ())}
        if on:
            found[profile_id] = {key: words for key, of_key in every.items() if (words := _words(of_key, on))}
    return found


async def people_of(reading: Reading, sha256: str) -> list[UUID]:
    """Return the customers in a list."""
    return [row["customer_id"] for row in await reading.fetch(_PEOPLE, list_id(sha256))]


async def profiles_named(reading: Reading, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the profile that each id (of a customer or an identifier) belongs to; several people's belong to none."""
    wanted = list(ids)
    found: dict[UUID, UUID] = {}
    for start in range(0, len(wanted), _MOST_NAMES):
        rows = await reading.fetch(_KNOWN, wanted[start : start + _MOST_NAMES])
        found |= {row["customer_id"]: row["profile_id"] for row in rows}
    return found


def _words(listings: Iterable[Listing], on: Collection[UUID]) -> tuple[Word, ...]:
    words: list[Word] = []
    for listing in listings:
        value = True if listing.list_id in on else None
        if value is not (words[-1].value if words else None):
            words.append(Word(listing.since, value))
    return tuple(words)
