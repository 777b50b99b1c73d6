"""The identity graph, kept apart from the other views: it stands between an event and its message, they do not."""

from projections.engine.follower import Follower
from projections.engine.tail import Tail
from projections.identity_graph.projector import PROJECTION
from workers.runtime import Worker

_PACE_SECONDS = 0.001


async def identity(worker: Worker) -> None:
    """Keep the graph current."""
    url = worker.settings.database_url
    async with Tail(url, pace=_PACE_SECONDS) as tail:
        await Follower(url, PROJECTION, tail).run()
