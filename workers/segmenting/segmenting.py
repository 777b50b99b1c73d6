"""The work of the role while its connections hold: the log first, then what is due by then, then the walks."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import asyncpg

from projections.engine.page import Page, read_page
from projections.engine.waiting import wait_until
from workers.segmenting.everybody import said_of_everybody
from workers.segmenting.following import Following, Stored
from workers.segmenting.keeping import Standing
from workers.segmenting.step import Step
from workers.segmenting.walking import anew, begun, walk
from workers.segmenting.watching import Definition, Watch

_FACTS_A_PAGE: Final = 20_000
_NEXT_DUE: Final = "SELECT min(due_at) FROM segmenting.due"
# What changes definitions: of segments, of tags and models that their rules ask for.
_DEFINING: Final = ("segment.", "tag.", "model.")

# The views by which histories say what models and lists do.
_SAYING: Final = ("model_scorecard", "segment_catalogue")
_PATIENCE_SECONDS: Final = 10.0

# Gives the live segments as of a position of the log.
Defining = Callable[[int], Awaitable[Sequence[Definition]]]
Watching = Callable[[Sequence[Definition]], Watch]


class Segmenting:
    """Follows the log, watches the clock, walks through everybody; one step after the other."""

    def __init__(
        self,
        following: Following,
        stored: Stored,
        connection: asyncpg.Connection,
        defining: Defining,
        watching: Watching,
    ) -> None:
        """Take what follows the log, where the definitions come from, and what makes them ready."""
        self._following = following
        self._stored = stored
        self._connection = connection
        self._defining = defining
        self._watching = watching
        self._watch: Watch | None = None

    async def step(self) -> bool:
        """Do what there is to do first; returns whether there is more to do at once."""
        watch = self._watch or await self._define()
        page = await read_page(self._connection, self._following.position, facts=_FACTS_A_PAGE)
        if not page.is_empty:
            await self._following.take(page, watch, await self._anew(watch, page))
            if any(entry.topic.startswith(_DEFINING) for entry in page.entries):
                watch = await self._define()
            if page.is_full:
                return True
        is_more = await self._following.fall_due(watch)
        is_walking = await walk(self._following, self._connection, self._stored.registry, watch)
        return is_more or is_walking or not page.is_empty

    def size(self, key: str) -> int:
        """Return how many are in a segment."""
        return self._following.membership.size(key)

    async def next_due(self) -> datetime | None:
        """Return when the next membership may change by time alone."""
        found: datetime | None = await self._connection.fetchval(_NEXT_DUE)
        return found

    async def _define(self) -> Watch:
        """Read the definitions; walks begin for what is new, and what is no segment any more is forgotten."""
        definitions = await self._defining(self._following.position)
        before = self._watch
        if before is not None and [one.definition for one in before.watched.values()] == list(definitions):
            return before
        watch = self._watch = self._watching(definitions)
        following = self._following
        following.forget_everybody()
        step = following.step(watch)
        for key in following.standings.keys() - watch.keys:
            del following.standings[key]
            following.membership.drop(key)
            step.writing.ended.append(key)
        self._stand(step, begun(following.standings, watch, step.now))
        await following.commit(step)
        return watch

    async def _anew(self, watch: Watch, page: Page) -> Sequence[Standing]:
        """Return the segments to walk for anew since the page says something of everybody: stored with the page."""
        news = list(said_of_everybody(page, watch))
        for view in _SAYING if news else ():
            await wait_until(self._connection, view, page.upto, _PATIENCE_SECONDS)
        return [one for keys, at in news for one in anew(self._following.standings, keys, at)]

    def _stand(self, step: Step, standings: Sequence[Standing]) -> None:
        self._following.standings.update({one.key: one for one in standings})
        step.writing.standings += standings
