"""What judging one person needs beside her history: what rules know of the world, and who opens sealed values."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.context.calendar import Calendar
from domain.context.circumstances import circumstances
from domain.kernel.rules.world import World
from projections.customer_360.folding import Sealed
from projections.profile_history.attributes import Opened
from projections.profile_history.queries import Opening


def world_of(zone: ZoneInfo, calendar: Calendar) -> World:
    """Return what rules know beside the person."""
    told = frozenset(kind.name for kind in Vocabulary.load().kinds if not kind.behaviour)
    return World(zone=zone, circumstances=partial(circumstances, calendar=calendar, zone=zone), told=told)


def opening_with(
    load: Callable[[Iterable[UUID]], Awaitable[None]], unseal: Callable[[UUID, bytes], bytes | None]
) -> Opening:
    """Return what opens sealed values by a key ring: those of erased people stay shut."""

    async def opening(sealed: Collection[Sealed]) -> Opened:
        await load({one.customer_id for one in sealed})
        found = {one: unseal(one.customer_id, one.value) for one in sealed}
        return {one: msgspec.json.decode(value) for one, value in found.items() if value is not None}

    return opening
