"""The profiles as a table to link: attributes and identifiers unsealed in memory, one row a profile, never on disk."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pyarrow as pa

from commands.runtime.keyring import KeyRing
from projections.customer_360 import queries as customer_360
from projections.customer_360.folding import Attribute
from projections.identity_graph import queries as identity_graph
from workers.linkage.reading_people import ATTRIBUTES, column_of

_PAGE = 2_000
_TEXTS = ("name", "birthday", "sex", "phone", "email", "city", "address")
_KINDS = ("phone", "email", "device", "national_id")
_decode = msgspec.json.Decoder().decode


class People(msgspec.Struct):
    """Rows to link by number, and which customer and profile each stands for.

    `national_ids` are the ids that the national IDs of a profile name: two different ones are two persons.
    """

    table: pa.Table
    customers: list[UUID]
    profiles: list[UUID]
    national_ids: dict[int, frozenset[UUID]]


async def people(pool: asyncpg.Pool, keyring: KeyRing, progress: Callable[[int], None] | None = None) -> People:
    """Return the profiles that have something to compare: a name, a phone or an e-mail address."""
    customers: list[UUID] = []
    profiles: list[UUID] = []
    national: dict[int, frozenset[UUID]] = {}
    batches: list[pa.RecordBatch] = []
    async for page in _pages(pool):
        rows = await _rows(pool, keyring, {one.profile_id: one.members for one in page})
        kept = []
        for profile in page:
            row, ids = rows[profile.profile_id]
            if any(row[column] for column in ("name", "phone", "email")):
                if ids:
                    national[len(customers)] = ids
                kept.append({"unique_id": len(customers), **row})
                customers.append(_stands_for(profile))
                profiles.append(profile.profile_id)
        batches.append(pa.RecordBatch.from_pylist(kept, schema=SCHEMA))
        if progress:
            progress(len(customers))
    return People(pa.Table.from_batches(batches, schema=SCHEMA), customers, profiles, national)


_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("unique_id", pa.int64()),
    *(pa.field(column, pa.string()) for column in _TEXTS),
    pa.field("devices", pa.list_(pa.string())),
]
SCHEMA = pa.schema(_FIELDS)


async def _pages(pool: asyncpg.Pool) -> AsyncIterator[list[identity_graph.Profile]]:
    after = identity_graph.FIRST
    while page := await identity_graph.profiles(pool, after=after, limit=_PAGE):
        yield page
        after = page[-1].profile_id


async def _rows(
    pool: asyncpg.Pool, keyring: KeyRing, members: Mapping[UUID, Collection[UUID]]
) -> dict[UUID, tuple[dict[str, Any], frozenset[UUID]]]:
    attributes = await customer_360.attributes_of(pool, members)
    everybody = [customer for group in members.values() for customer in group]
    claims: dict[UUID, list[identity_graph.Known]] = {}
    for claim in await identity_graph.claimed_by(pool, everybody, _KINDS):
        claims.setdefault(claim.customer_id, []).append(claim)
    sealed_for = {part.customer_id for found in attributes.values() for one in found for part in one.sealed_parts}
    await keyring.load(sealed_for | claims.keys())
    found = {}
    for profile_id, group in members.items():
        words = {one.key: _word(keyring, one) for one in attributes[profile_id] if one.key in ATTRIBUTES}
        seen = [claim for customer in group for claim in claims.get(customer, ())]
        for claim in seen:
            if claim.sealed and claim.type in {"phone", "email"}:
                clear = keyring.unseal(claim.customer_id, claim.sealed)
                words.setdefault(claim.type, _decode(clear) if clear else None)
        row: dict[str, Any] = {column: column_of(words, column) for column in _TEXTS}
        row["devices"] = sorted({str(one.identifier_id) for one in seen if one.type == "device"}) or None
        found[profile_id] = row, frozenset(one.identifier_id for one in seen if one.type == "national_id")
    return found


def _word(keyring: KeyRing, one: Attribute) -> Any:
    parts = {part: keyring.unseal(part.customer_id, part.value) for part in one.sealed_parts}
    clear = {part: _decode(value) for part, value in parts.items() if value is not None}
    if len(clear) < len(parts):
        return None  # the key is gone
    return one.whole(clear) if parts else one.value


def _stands_for(profile: identity_graph.Profile) -> UUID:
    """Return the customer to merge: the one whose name the profile bears, if it has a history of its own."""
    return profile.profile_id if profile.profile_id in profile.members else min(profile.members)
