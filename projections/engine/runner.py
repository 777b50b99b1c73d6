"""Run all views: one process, the log read once for all of them, each view at its own pace."""

import asyncio
from collections.abc import Iterable

from projections.engine.follower import Follower
from projections.engine.projection import Projection
from projections.engine.tail import Tail


async def run(database_url: str, projections: Iterable[Projection], *, exclusive: bool = True) -> None:
    """Keep the views current until cancelled.

    More processes may run the same views: with `exclusive` they stand by, without they compete, and either way every
    event counts exactly once.
    """
    async with Tail(database_url) as tail, asyncio.TaskGroup() as group:
        for projection in projections:
            follower = Follower(database_url, projection, tail, exclusive=exclusive)
            group.create_task(follower.run(), name=f"view {projection.name}")
