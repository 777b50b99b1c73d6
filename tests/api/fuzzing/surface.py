"""Every path on which something comes in, as the application itself tells it."""

from typing import Final

from litestar.routes import HTTPRoute

from api.app import build
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings

_WHERE: Final = "api.ingest"


def ingest_routes() -> set[tuple[str, str]]:
    """Return method and path of every route that a module of `api.ingest` answers."""
    nowhere = Settings.build({}, database_url="postgresql://nowhere", nats_url="nats://nowhere")
    found: set[tuple[str, str]] = set()
    for route in build(nowhere, Secrets.generate()).routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.fn.__module__.startswith(_WHERE):
                    found |= {(str(method), route.path) for method in handler.http_methods}
    return found
