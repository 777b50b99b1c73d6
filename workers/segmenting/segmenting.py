"""The work of the role while its connections hold: the log first, then what is due by then, then first members."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import asyncpg

from commands.runtime.event_store import EventStore
from projections.engine.page import Page, read_page
from projections.engine.replaying import Replayed
from projections.engine.waiting import wait_until
from workers.runtime import PASSING
from workers.segmenting.everybody import WEATHER, said_of_everybody
from workers.segmenting.filling import Batch, Filling, fillable, silent
from workers.segmenting.following import Following, Stored
from workers.segmenting.keeping import Standing
from workers.segmenting.replaying import replay
from workers.segmenting.sky import LiveSky
from workers.segmenting.step import Step
from workers.segmenting.walking import anew, begun, walk
from workers.segmenting.watching import Definition, Watch

_log = logging.getLogger("koi.work")
_FACTS_A_PAGE: Final = 20_000
_NEXT_DUE: Final = "SELECT min(due_at) FROM segmenting.due"
# What changes definitions: of segments, of tags and models that their rules ask for.
_DEFINING: Final = ("segment.", "tag.", "model.")

# The views by which histories say what models and lists do, and the one that tells the weather.
_SAYING: Final = ("model_scorecard", "segment_catalogue")
_OBSERVING: Final = ("weather",)
_PATIENCE_SECONDS: Final = 60.0

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
        sky: LiveSky,
        batch: Batch | None = None,
    ) -> None:
        """Take what follows the log, where the definitions come from, what makes them ready; and whom to ask of all."""
        self._following = following
        self._stored = stored
        self._connection = connection
        self._defining = defining
        self._watching = watching
        self._sky = sky
        self._watch: Watch | None = None
        self._batch = batch
        self.filling: Filling | None = None
        # Those whose first members are found by a walk although batch could be asked.
        self.walked_for: set[str] = set()

    async def step(self) -> bool:
        """Do what there is to do first; returns whether there is more to do at once."""
        await self._sky.keep()
        watch = self._watch or await self._define()
        page = await read_page(self._connection, self._following.position, facts=_FACTS_A_PAGE)
        if not page.is_empty:
            await self._following.take(page, watch, await self._anew(watch, page))
            if any(entry.topic.startswith(_DEFINING) for entry in page.entries):
                watch = await self._define()
            if page.is_full:
                return True
        is_more = await self._following.fall_due(watch)
        is_filling = await self._fill(watch)
        filled = self.filling.keys if self.filling else ()
        is_walking = await walk(self._following, self._connection, self._stored.registry, watch, without=filled)
        return is_more or is_filling or is_walking or not page.is_empty

    async def replay(self, store: EventStore) -> Replayed:
        """Judge anew whoever was put aside."""
        watch = self._watch or await self._define()
        return await replay(store, self._connection, self._following, self._stored.registry, watch)

    @property
    def watches(self) -> bool:
        """Whether any segment is live, so that it matters how soon the log is read."""
        return self._watch is not None and bool(self._watch.watched)

    def size(self, key: str) -> int:
        """Return how many are in a segment."""
        return self._following.membership.size(key)

    async def next_due(self) -> datetime | None:
        """Return when the next membership may change by time alone."""
        found: datetime | None = await self._connection.fetchval(_NEXT_DUE)
        return found

    async def close(self) -> None:
        """Ask nothing any more."""
        self._following.touched = None
        if self.filling is not None:
            filling, self.filling = self.filling, None
            await filling.close()

    async def _fill(self, watch: Watch) -> bool:
        """Take over a part that batch has found, or begin to ask; returns whether there is more to do at once."""
        if self.filling is None:
            await self._begin_to_fill(watch)
            return False
        try:
            found = self.filling.ready(self._following.position)
            is_over = self.filling.is_over
        except PASSING:
            raise
        except Exception:  # noqa: BLE001 - whatever batch fails with, a walk comes to the same
            _log.exception("first members cannot be asked of batch: everybody is judged one by one")
            self.walked_for |= self.filling.keys
            await self.close()
            return True
        if is_over:
            await self.close()
        if found is None:
            return is_over
        # What batch is made of takes a second to import: a role that begins anew has better things to do.
        from workers.segmenting.filled import take

        await take(found, self._following, self._stored.registry, watch, self.filling.touched)
        self.filling.taken()
        return True

    async def _begin_to_fill(self, watch: Watch) -> None:
        going = silent(self._following.standings, watch)
        keys = going.keys() - self.walked_for
        if not keys or self._batch is None or not await self._batch.is_worth_it():
            return
        rules = fillable(watch, keys, self._following.now())
        self.walked_for |= keys - rules.keys()
        if rules:
            after = min(one.walked for key, one in going.items() if key in rules and one.walked is not None)
            self.filling = Filling(self._batch, rules, after, self._following.now)
            self._following.touched = self.filling.touched

    async def _define(self) -> Watch:
        """Read the definitions; walks begin for what is new, and what is no segment any more is forgotten."""
        definitions = await self._defining(self._following.position)
        before = self._watch
        if before is not None and [one.definition for one in before.watched.values()] == list(definitions):
            return before
        await self.close()
        self.walked_for.clear()
        watch = self._watch = self._watching(definitions)
        following = self._following
        following.forget_everybody()
        step = following.step(watch)
        lost = self._stored.lost & following.standings.keys() if before is None else frozenset()
        step.writing.extents = following.membership.stored(lost)
        for key in lost:
            _log.warning("segment %s: members are lost, and are found anew", key)
            del following.standings[key]
        for key in following.standings.keys() - watch.keys:
            del following.standings[key]
            following.membership.drop(key)
            step.writing.ended.append(key)
        self._stand(step, begun(following.standings, watch, step.now))
        await following.commit(step)
        return watch

    async def _anew(self, watch: Watch, page: Page) -> Sequence[Standing]:
        """Return the segments to walk for anew since the page says something of everybody: stored with the page."""
        news, is_weather = list(said_of_everybody(page, watch)), bool(page.of(WEATHER))
        for view in (*(_SAYING if news else ()), *(_OBSERVING if is_weather else ())):
            await wait_until(self._connection, view, page.upto, _PATIENCE_SECONDS)
        if is_weather:
            await self._sky.look()
        return [one for keys, at in news for one in anew(self._following.standings, keys, at)]

    def _stand(self, step: Step, standings: Sequence[Standing]) -> None:
        self._following.standings.update({one.key: one for one in standings})
        step.writing.standings += standings
