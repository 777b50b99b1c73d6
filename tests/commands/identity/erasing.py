"""What the tests of erasures share: what one works with, and somebody who asks for it."""

from pathlib import Path
from typing import Any

from commands.activity.quarantine import Quarantine
from commands.identity.erase_customer import EraseCustomer, erase_customer
from commands.identity.erasing import Erasing
from commands.identity.receipt import Receipt, Receipts
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from commands.runtime.secrets import Secrets
from domain.identity.naming import Naming
from projections.traces.queries import Traces

CLERK = Context(actor="clerk li")


def erasing_in(store: EventStore, secrets: Secrets, lake: Path, naming: Naming) -> Erasing:
    """Return what an erasure works with; its receipts lie beside this lake."""
    return Erasing(
        store=store,
        naming=naming,
        receipts=Receipts(lake.as_uri()),
        traces=Traces(store.pool),
        copies={"quarantine_entries": Quarantine(store.pool, secrets.master_key)},
    )


async def erased(erasing: Erasing, *, by: Context = CLERK, **whom: Any) -> Receipt:
    """Erase somebody who asked for it at the counter."""
    command = EraseCustomer(reason="asked at the counter", legal_basis="pipl-47", evidence="form 118", **whom)
    return await erase_customer(command, by=by, erasing=erasing)
