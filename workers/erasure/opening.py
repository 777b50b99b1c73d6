"""What an erasure works with, outside the API."""

from commands.activity.quarantine import Quarantine
from commands.identity.erasing import Erasing
from commands.identity.receipt import Receipts
from commands.runtime.event_store import EventStore
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.naming import Naming
from projections.traces.queries import Traces


def erasing_of(store: EventStore, settings: Settings, secrets: Secrets) -> Erasing:
    """Return what erasures of this process work with."""
    return Erasing(
        store=store,
        naming=Naming(secrets.pepper),
        receipts=Receipts(settings.lake_url),
        traces=Traces(store.pool),
        copies={"quarantine_entries": Quarantine(store.pool, secrets.master_key)},
    )
