"""The identity graph, kept apart from the other views: it stands between an event and its message, they do not."""

from projections.engine import runner
from projections.identity_graph.projector import PROJECTION
from workers.runtime import Worker

_PACE_SECONDS = 0.001


async def identity(worker: Worker) -> None:
    """Keep the graph current."""
    await runner.run(worker.settings.database_url, [PROJECTION], pace=_PACE_SECONDS)
