"""Find the first members of new segments in batch: all of them at once, some hundred thousand people in seconds.

A part of the people is asked as of an instant and a position of the log; when the worker has come past what the answer
knows, it is taken over, and whoever anything happened to meanwhile is judged by herself. So a part is a giant step of
the walk (`walking.py`), and interrupted goes on as that does.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg
import msgspec

from domain.kernel.rules.tree import Rule
from domain.kernel.rules.turning import UnsaidError, turns
from projections.history.queries import head
from workers.segmenting.keeping import Standing
from workers.segmenting.watching import Watch

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from projections.segment_members.everybody import Everybody

_log = logging.getLogger("koi.work")
_DIGITS: Final = 32
_COUNT: Final = "SELECT count(*) FROM (SELECT FROM identity_graph.customer LIMIT $1) AS counted"


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the people, in the order of their profiles, as all they were by `position` at the latest.

    `until` is the greatest profile id there can be in it (None: there are no more people after it), `inside` says of
    each segment who is in it, `due` when each has to be looked at (microseconds; none: never).
    """

    after: UUID
    until: UUID | None
    position: int
    profiles: list[str]
    customers: list[list[str]]
    inside: "Mapping[str, npt.NDArray[np.bool_]]"
    due: Mapping[str, int]


class Batch(msgspec.Struct, frozen=True):
    """What opens all that is known of everybody; so `few` people are walked through before a query would be ready.

    `wake` is called when an answer is there.
    """

    pool: asyncpg.Pool
    open: "Callable[[], Everybody]"
    wake: Callable[[], None]
    few: int = 1_000

    async def is_worth_it(self) -> bool:
        """Whether there are more people than few."""
        count: int = await self.pool.fetchval(_COUNT, self.few + 1)
        return count > self.few


class Filling:
    """Asks in the background for one set of segments; made anew when they are others."""

    def __init__(self, batch: Batch, rules: Mapping[str, Rule], after: UUID, now: Callable[[], datetime]) -> None:
        """Take what to ask, and the last profile whose part is done."""
        self.keys = frozenset(rules)
        self._wake = batch.wake
        self._parts = _parts(batch, rules, after, now)
        # Customers of whom anything was told since it began.
        self.touched: set[UUID] = set()
        self._asking = self._ask()

    def _ask(self) -> asyncio.Task[Filled | None]:
        asking = asyncio.create_task(self._next(), name="filling segments")
        asking.add_done_callback(lambda _: self._wake())
        return asking

    async def _next(self) -> Filled | None:
        return await anext(self._parts, None)

    async def answered(self) -> None:
        """Wait until there is something to take, or to fail with."""
        await asyncio.wait([self._asking])

    def ready(self, position: int) -> Filled | None:
        """Return the next part once it is there and the worker has come to what it knows; raises what went wrong."""
        found = self._asking.result() if self._asking.done() else None
        return found if found is not None and found.position <= position else None

    @property
    def is_over(self) -> bool:
        """Whether all parts were taken."""
        return self._asking.done() and self._asking.result() is None

    def taken(self) -> None:
        """Go on to the next part."""
        self._asking = self._ask()

    async def close(self) -> None:
        """Ask no further."""
        self._asking.cancel()
        await asyncio.gather(self._asking, return_exceptions=True)
        await self._parts.aclose()


def fillable(watch: Watch, keys: Collection[str], now: datetime) -> dict[str, Rule]:
    """Return the rules of those of the segments that batch can say all of: who is in, and how long that stays."""
    found = {}
    for key in keys:
        rule: Rule = watch.watched[key].definition.rule
        try:
            turns([rule], now, watch.zone)
        except UnsaidError as error:
            _log.info("segment %s: everybody is judged one by one, since %s turns by itself", key, error.part)
        else:
            found[key] = rule
    return found


def silent(standings: Mapping[str, Standing], watch: Watch) -> dict[str, Standing]:
    """Return the segments whose first members are still to be found."""
    return {key: one for key, one in standings.items() if one.is_first_walk and key in watch.keys}


async def _parts(
    batch: Batch, rules: Mapping[str, Rule], after: UUID, clock: Callable[[], datetime]
) -> AsyncGenerator[Filled]:
    import numpy as np

    from projections.batch.running import parts_of
    from projections.batch.turning import Turning

    everybody = await asyncio.to_thread(batch.open)
    async with everybody.turn:
        lakehouse = await everybody.lakehouse()
    now, zone = clock(), lakehouse.world.zone
    names = {f"s{number}": key for number, key in enumerate(sorted(rules))}
    turning = Turning(turns(rules.values(), now, zone), now, zone, lakehouse.world.told)
    asked = {name: rules[key] for name, key in names.items()}
    only = [part for part in lakehouse.parts if _last_of(part) > after]
    async with aclosing(parts_of(lakehouse, now, rules=asked, only=only, beside=turning.of_part)) as parts:
        async for part in parts:
            table: Any = part.table.sort_by("profile_id")
            people: Any = part.people.sort_by("profile_id")
            yield Filled(
                after=after,
                until=_last_of(part.name) if part.name != only[-1] else None,
                position=await head(batch.pool),
                profiles=people["profile_id"].to_pylist(),
                customers=people["customers"].to_pylist(),
                inside={key: table[name].to_numpy().astype(np.bool_) for name, key in names.items()},
                due=_dues(part.beside),
            )
            after = _last_of(part.name)


def _dues(table: "pa.Table | None") -> dict[str, int]:
    columns: list[list[Any]] = [table[name].to_pylist() for name in ("profile_id", "due")] if table is not None else []
    return dict(zip(*columns, strict=True)) if columns else {}


def _last_of(part: str) -> UUID:
    return UUID(part + "f" * (_DIGITS - len(part)))
