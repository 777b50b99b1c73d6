"""Where imports go."""

from pathlib import Path

import msgspec

from commands.activity.quarantine import Quarantine
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.identity.naming import Naming

ACTOR = "import"


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """The event store, how customers are named in it, the quarantine, and a home for what does not fit into memory."""

    store: EventStore
    naming: Naming
    quarantine: Quarantine
    home: Path

    @property
    def by(self) -> Context:
        """Who asks."""
        return Context(actor=ACTOR)
