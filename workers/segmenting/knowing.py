"""What the role knows beside the people: the live definitions, the zone, the calendar, and how histories are read."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import msgspec

from commands.context.own_calendar import calendar_of_home
from commands.runtime.settings import Settings
from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.world import World
from projections.engine.projection import Reading
from projections.profile_history.facts import FactRow
from projections.profile_history.occurring import Reader
from projections.profile_history.queries import Opening, Wanted, histories
from projections.profile_history.surroundings import world_of
from workers.segmenting.sky import LiveSky
from workers.segmenting.subjects import Occurring

if TYPE_CHECKING:
    from projections.segment_members.everybody import Everybody


def knowing(settings: Settings, sky: LiveSky | None = None) -> World:
    """Return what rules know beside the person; without a sky nothing of the weather."""
    world = world_of(settings.zone, calendar_of_home(settings.home))
    return msgspec.structs.replace(world, circumstances=sky.circumstances) if sky else world


def sky_of(pool: Reading, settings: Settings, clock: Callable[[], datetime]) -> LiveSky:
    """Return what tells the weather around now."""
    return LiveSky(pool, calendar_of_home(settings.home), settings.zone, clock)


def everybody_of(pool: asyncpg.Pool, settings: Settings, opening: Opening | None = None) -> "Everybody":
    """Return what asks all people at once; what it is made of takes a second to import."""
    from projections.batch.place import Place
    from projections.segment_members.everybody import Everybody

    place = Place(lake_url=settings.lake_url, database_url=settings.database_url)
    return Everybody(pool, place, settings.zone, calendar_of_home(settings.home), opening)


class Histories:
    """Reads histories and facts as they stand in the database."""

    def __init__(self, pool: Reading, settings: Settings, opening: Opening | None = None) -> None:
        """Take where to read, and what opens sealed values."""
        calendar = calendar_of_home(settings.home)
        self._pool = pool
        self._reader = Reader(settings.zone, calendar.work)
        self._opening = opening

    async def histories(
        self, members: Mapping[UUID, Collection[UUID]], names: Collection[str] | None
    ) -> Mapping[UUID, History]:
        """Return the history of each profile, given its customers, with the facts of these names (None: all)."""
        return await histories(self._pool, members, self._reader, opening=self._opening, wanted=Wanted(names=names))

    async def occurring(self, rows: Collection[FactRow]) -> Occurring:
        """Return facts as rules look at them."""
        by_customer: dict[UUID, list[FactRow]] = {}
        for row in rows:
            by_customer.setdefault(row.customer_id, []).append(row)
        events, items = await self._reader.read(self._pool, by_customer)
        found: dict[int, tuple[Occurrence, list[Occurrence]]] = {
            event.fact_id: (event, []) for of_one in events.values() for event in of_one
        }
        for item in (item for of_one in items.values() for item in of_one):
            found[item.fact_id][1].append(item)
        return found
