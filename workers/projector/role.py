"""The projections as a role of the worker process."""

from projections.engine import runner
from projections.views import views
from workers.runtime import Worker


async def projector(worker: Worker) -> None:
    """Keep all views current but the identity graph, which is a role of its own."""
    url = worker.settings.database_url
    kept = [view for view in views(worker.settings.lake_url, url) if view.name != "identity_graph"]
    await runner.run(url, kept)
