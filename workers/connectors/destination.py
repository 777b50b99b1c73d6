"""Where imports go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from commands.activity.quarantine import Quarantine
from commands.identity.describing import Describing, shipped
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.facts import FactIds
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.naming import Naming

ACTOR = "import"


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """The event store, how customers are named in it, the quarantine, and a home for what does not fit into memory."""

    store: EventStore
    naming: Naming
    quarantine: Quarantine
    home: Path
    database_url: str
    lake_url: str
    ids: FactIds = msgspec.field(default_factory=FactIds)
    describing: Describing = msgspec.field(default_factory=shipped)

    @property
    def by(self) -> Context:
        """Who asks."""
        return Context(actor=ACTOR)


@asynccontextmanager
async def open_destination(settings: Settings, secrets: Secrets) -> AsyncIterator[Destination]:
    """Open the event store of a Koi for imports."""
    async with open_event_store(settings.database_url, secrets.master_key) as store:
        yield destination(settings, secrets, store)


def destination(settings: Settings, secrets: Secrets, store: EventStore) -> Destination:
    """Return the destination over an open event store."""
    return Destination(
        store=store,
        naming=Naming(secrets.pepper),
        quarantine=Quarantine(store.pool, secrets.master_key),
        home=settings.home,
        describing=Describing.of_home(settings.home),
        database_url=settings.database_url,
        lake_url=settings.lake_url,
    )
