"""What the process of the API has open, from its start to its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from api.auth import Doorkeeper
from api.idempotency import Commands
from api.ingest.door import Door
from api.metrics import Metrics
from api.pages import Cursors
from api.positions import Positions
from commands.access.keys import ensure_first_keys
from commands.activity.intake import Intake
from commands.activity.quarantine import Quarantine
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.naming import Naming

_POOL = 16


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a route may ask for."""

    store: EventStore
    naming: Naming
    door: Door
    doorkeeper: Doorkeeper
    commands: Commands
    cursors: Cursors
    positions: Positions
    quarantine: Quarantine
    metrics: Metrics


@asynccontextmanager
async def opened(settings: Settings, secrets: Secrets) -> AsyncIterator[Opened]:
    """Open the event store and what works over it; the first keys are let in."""
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=_POOL) as store:
        await ensure_first_keys(store.pool, secrets)
        naming = Naming(secrets.pepper)
        metrics = Metrics()
        quarantine = Quarantine(store.pool, secrets.master_key)
        async with Intake(store, naming) as intake:
            yield Opened(
                store=store,
                naming=naming,
                door=Door(intake, quarantine, metrics, store.pool),
                doorkeeper=Doorkeeper(store.pool),
                commands=Commands(store.streams),
                cursors=Cursors(secrets.cursor_key),
                positions=Positions(store.pool),
                quarantine=quarantine,
                metrics=metrics,
            )
