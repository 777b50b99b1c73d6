"""The sandbox: what would have been sent, readable in the console and through the API. It reaches nobody."""

import asyncpg
import msgspec

from domain.channels.outcome import Accepted, Outcome, RetryLater
from domain.channels.outgoing import Outgoing

_PUT = """
    INSERT INTO sandbox_outbox (message_id, customer_id, channel, subject, body, parameters, accepted_at)
    VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp()) ON CONFLICT DO NOTHING
"""


class SandboxGateway:
    """Writes to the table `sandbox_outbox`, whose key is the message's id: a repeat changes nothing."""

    guards_duplicates = True

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Take where to write; the pool belongs to the process."""
        self._pool = pool

    async def send(self, outgoing: Outgoing) -> Outcome:
        parameters = msgspec.json.encode(outgoing.parameters).decode()
        try:
            await self._pool.execute(
                _PUT,
                outgoing.message_id,
                outgoing.customer_id,
                outgoing.channel,
                outgoing.subject,
                outgoing.text,
                parameters,
            )
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
            return RetryLater(detail=f"the database could not be reached: {type(error).__name__}")
        return Accepted(provider_id=str(outgoing.message_id))

    async def close(self) -> None:
        """Nothing of its own to give back."""
