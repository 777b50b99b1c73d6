"""Everybody: the lake with what is known of people beside it, opened anew only when the log has moved on."""

import asyncio
import importlib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from domain.context.calendar import Calendar
from domain.kernel.rules.history import History
from domain.tags.breadth import MOST_VALUES
from projections.batch.place import Place
from projections.engine.waiting import wait_until
from projections.history.queries import head
from projections.profile_history.occurring import Reader
from projections.profile_history.queries import Opening, Wanted, histories
from projections.profile_history.surroundings import world_of
from projections.rule_names.keeping_out import refused
from projections.rule_names.queries import Names, Seen, names, seen
from projections.segment_lists.queries import profiles_named
from projections.weather.sky import circumstances_under, sky_on

if TYPE_CHECKING:
    from projections.batch.lakehouse import Lakehouse

_NO_FACTS: Final = Wanted(names=frozenset())
_DEFINING: Final = ("segment_catalogue", "tag_catalogue", "model_scorecard")
_GRAPH: Final = "identity_graph"
_PATIENCE: Final = 10.0
_SEEN_SECONDS: Final = 60.0


class Everybody:
    """All people, for one process: what reads one person, and what reads all of them at once."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        place: Place,
        zone: ZoneInfo,
        calendar: Calendar,
        opening: Opening | None = None,
        *,
        tag_values: int = MOST_VALUES,
    ) -> None:
        """Take where to read, whose days they are, what opens sealed values, how many values a tag may have."""
        self.pool = pool
        self.world = world_of(zone, calendar)
        self.calendar = calendar
        self.tag_values = tag_values
        self._place = place
        self._opening = opening
        self._reader = Reader(zone, calendar.work)
        self._seen: tuple[float, Seen] | None = None
        self._opened: tuple[int, Lakehouse] | None = None
        # One at a time: opening reads what the lake lacks, and a query of everybody takes all cores anyway.
        self.turn = asyncio.Lock()

    @property
    def lake_url(self) -> str:
        """Where the files of the lake lie."""
        return self._place.lake_url

    async def lakehouse(self) -> "Lakehouse":
        """Return all data as of now; the caller has the turn."""
        position = await head(self.pool)
        if self._opened is None or self._opened[0] != position:
            await wait_until(self.pool, _GRAPH, position, _PATIENCE)
            # A second of processor time the first time: in a thread, so that others are served meanwhile.
            await asyncio.to_thread(importlib.import_module, "projections.batch.running")
            from projections.batch.lakehouse import opened

            # Not one of the pool's: it is held for as long as the files take that are new.
            connection = await asyncpg.connect(self._place.database_url)
            try:
                lakehouse = await opened(
                    connection, self._place, self.world, words=self._words, day=self.calendar.work, around=self._around
                )
            finally:
                await connection.close()
            self._opened = (position, lakehouse)
        return self._opened[1]

    async def named(self, ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Return the profile of each id of a customer or an identifier; strangers and several people's have none."""
        await wait_until(self.pool, _GRAPH, await head(self.pool), _PATIENCE)
        return await profiles_named(self.pool, ids)

    async def names(self) -> Names:
        """Return what rules may name, as of all that was decided until now; what was seen may be a minute old."""
        position = await head(self.pool)
        for view in _DEFINING:
            await wait_until(self.pool, view, position, _PATIENCE)
        if self._seen is None or monotonic() > self._seen[0]:
            so_far = msgspec.structs.replace(await seen(self.pool), refused=await refused(self._place.lake_url))
            self._seen = (monotonic() + _SEEN_SECONDS, so_far)
        return await names(self.pool, self._seen[1], self.world.zone)

    async def histories(self, members: Mapping[UUID, Collection[UUID]]) -> dict[UUID, History]:
        """Return all that is known of some people, given the customers of each profile."""
        return await histories(self.pool, members, self._reader, opening=self._opening)

    async def _around(self, days: Collection[date]) -> Callable[[str | None, datetime], Mapping[str, Any]]:
        return circumstances_under(await sky_on(self.pool, days), self.calendar, self.world.zone)

    async def _words(self, members: Mapping[str, Iterable[str]]) -> Mapping[str, History]:
        groups = {UUID(one): [UUID(customer) for customer in group] for one, group in members.items()}
        found = await histories(self.pool, groups, self._reader, opening=self._opening, wanted=_NO_FACTS)
        return {str(one): history for one, history in found.items()}
