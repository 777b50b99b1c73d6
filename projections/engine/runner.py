"""Run all views: one process, the log read once for all of them, each view at its own pace."""

import asyncio
from collections.abc import Iterable

from projections.engine.follower import Follower
from projections.engine.passing import Passing
from projections.engine.projection import Projection
from projections.engine.tail import Tail


async def run(
    database_url: str, projections: Iterable[Projection], *, exclusive: bool = True, pace: float = 0.01
) -> None:
    """Keep the views current until cancelled.

    More processes may run the same views: with `exclusive` they stand by, without they compete, and either way every
    event counts exactly once. `pace` is the least time between two looks at the end of the log, in seconds.
    """
    async with Tail(database_url, pace=pace) as tail, Passing(database_url) as passing, asyncio.TaskGroup() as group:
        for projection in projections:
            follower = Follower(database_url, projection, tail=tail, passing=passing, exclusive=exclusive)
            group.create_task(follower.run(), name=f"view {projection.name}")
