"""The projections as a role of the worker process."""

from projections.views import views

from projections.engine import runner
from workers.runtime import Worker


async def projector(worker: Worker) -> None:
    """Keep all views current."""
    await runner.run(worker.settings.database_url, views(worker.settings.lake_url, worker.settings.database_url))
