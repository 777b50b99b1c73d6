"""The port that every channel's provider is reached through."""

from typing import Protocol

from domain.channels.outcome import Outcome
from domain.channels.outgoing import Outgoing


class Gateway(Protocol):
    """One provider. `send` never raises for what the provider says or does not say: that is its outcome.

    `guards_duplicates` tells whether sending the same message id twice reaches the person once.
    """

    @property
    def guards_duplicates(self) -> bool:
        """Whether a repeat is harmless."""
        ...

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand it over, and say what became of it."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
