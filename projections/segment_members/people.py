"""Ask everybody, one question at a time: an answer is of one moment of the data, as of one instant."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime
from uuid import UUID

from domain.kernel.rules.tree import Rule
from projections.segment_members import asking
from projections.segment_members.everybody import Everybody


async def count(everybody: Everybody, rule: Rule, at: datetime, *, sample: int = 0, salt: str = "") -> asking.Found:
    """Return how many are in as of an instant, and so many of them."""
    async with everybody.turn:
        return await asking.count(await everybody.lakehouse(), rule, at, sample=sample, salt=salt)


async def members(everybody: Everybody, rule: Rule, at: datetime, *, after: str = "", limit: int) -> list[str]:
    """Return the first so many profile ids, in order, from the one after `after` on."""
    found: list[str] = []
    async with (
        everybody.turn,
        aclosing(asking.members(await everybody.lakehouse(), rule, at, after=after)) as in_order,
    ):
        async for part in in_order:
            found += part[: limit - len(found)]
            if len(found) == limit:
                break
    return found


async def parts(everybody: Everybody, rule: Rule, at: datetime) -> AsyncGenerator[list[str]]:
    """Yield the profile ids of all who are in, in order, a part at a time."""
    async with everybody.turn, aclosing(asking.members(await everybody.lakehouse(), rule, at)) as found:
        async for part in found:
            yield part


async def everyone_in(everybody: Everybody, rule: Rule, at: datetime) -> list[UUID]:
    """Return all who are in as of an instant."""
    async with aclosing(parts(everybody, rule, at)) as found:
        return [UUID(one) async for part in found for one in part]


async def sizes(everybody: Everybody, rule: Rule, instants: Iterable[datetime]) -> list[asking.Size]:
    """Return how many were in as of each instant."""
    async with everybody.turn:
        return await asking.sizes(await everybody.lakehouse(), rule, instants)


async def overlap(everybody: Everybody, rules: Mapping[str, Rule], at: datetime) -> asking.Overlap:
    """Return how many are in each pair of segments."""
    async with everybody.turn:
        return await asking.overlap(await everybody.lakehouse(), rules, at)
