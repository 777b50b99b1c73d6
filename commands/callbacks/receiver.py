"""A receiver: knows how one platform signs, wraps and words what it calls us with."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from commands.runtime.sources import Source
from domain.ingestion.callbacks.call import Call, Letter, Received


class Receiver(Protocol):
    """Opens calls and reads letters; both are pure, so that a letter put aside can be read again later."""

    def open(self, call: Call) -> Letter:
        """Return what the call holds, its signature checked; raises `ForgedCallError`, or `MalformedBodyError`."""
        ...

    def read(self, body: bytes, received_at: datetime) -> Received:
        """Return what a letter says; a letter that cannot be read at all raises a `DomainError`."""
        ...


Open = Callable[[Source], Receiver]
"""Makes the receiver of a declared source; raises `SourceError` for settings it cannot use."""
