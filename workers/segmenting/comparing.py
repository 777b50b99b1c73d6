"""Live members beside those that batch finds: who seems to differ, in a first look at everybody."""

from collections.abc import Mapping
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg
import msgspec
from pyroaring import BitMap

from domain.kernel.rules.tree import Rule
from workers.segmenting.membership import Membership

if TYPE_CHECKING:
    from projections.segment_members.everybody import Everybody

NUMBERS: Final = """
    SELECT number, profile_id FROM segmenting.person WHERE customer_id = profile_id AND customer_id = ANY($1)
"""
_NAMED: Final = "SELECT number, profile_id FROM segmenting.person WHERE number = ANY($1)"


class Differing(msgspec.Struct):
    """Who seems to differ in a segment."""

    members: int = 0
    missing: set[UUID] = msgspec.field(default_factory=set)
    surplus: set[UUID] = msgspec.field(default_factory=set)


async def compared(
    pool: asyncpg.Pool, everybody: "Everybody", rules: Mapping[str, Rule], now: datetime
) -> dict[str, Differing]:
    """Return who seems to differ in each segment; what happens meanwhile makes some seem so who do not."""
    import numpy as np

    from projections.batch.running import parts_of

    found = {key: Differing() for key in rules}
    names = {f"s{number}": key for number, key in enumerate(sorted(rules))}
    async with everybody.turn:
        lakehouse = await everybody.lakehouse()
    live = await Membership.load(pool)
    seen = BitMap()
    asked = {name: rules[key] for name, key in names.items()}
    async with aclosing(parts_of(lakehouse, now, rules=asked)) as parts:
        async for part in parts:
            profiles = [UUID(one) for one in part.table["profile_id"].to_pylist()]
            numbers = {row["profile_id"]: row["number"] for row in await pool.fetch(NUMBERS, profiles)}
            place = np.array([numbers.get(one, -1) for one in profiles], np.int64)
            seen |= BitMap(numbers.values())
            for name, key in names.items():
                inside: Any = part.table[name].to_numpy().astype(np.bool_)
                one = found[key]
                one.members += int(inside.sum())
                one.missing.update(profiles[n] for n in np.flatnonzero(inside & (place < 0)).tolist())
                meant = BitMap(place[inside & (place >= 0)].astype(np.uint32))
                among = BitMap(place[place >= 0].astype(np.uint32))
                await _note(pool, one, meant - live.members(key), (live.members(key) & among) - meant)
    for key, one in found.items():  # nobody has these numbers any more
        await _note(pool, one, BitMap(), live.members(key) - seen)
    return found


async def _note(pool: asyncpg.Pool, into: Differing, missing: BitMap, surplus: BitMap) -> None:
    for numbers, profiles in ((missing, into.missing), (surplus, into.surplus)):
        if numbers:
            profiles.update(row["profile_id"] for row in await pool.fetch(_NAMED, list(numbers)))
