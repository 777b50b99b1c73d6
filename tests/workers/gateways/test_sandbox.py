"""The sandbox keeps what would have been sent."""

import json

from commands.runtime.event_store import open_pool
from domain.channels.outcome import Accepted, RetryLater
from tests.builders import outgoing
from workers.gateways.sandbox import SandboxGateway


async def test_a_message_is_kept_once_however_often_it_is_sent(database: str) -> None:
    """The message's id is the key."""
    message = outgoing(channel="sandbox", to=None)
    async with await open_pool(database, size=2) as pool:
        sandbox = SandboxGateway(pool)
        assert sandbox.guards_duplicates
        assert await sandbox.send(message) == Accepted(provider_id=str(message.message_id))
        assert await sandbox.send(message) == Accepted(provider_id=str(message.message_id))
        await sandbox.close()
        (row,) = await pool.fetch("SELECT * FROM sandbox_outbox")
    assert row["message_id"] == message.message_id
    assert row["customer_id"] == message.customer_id
    assert (row["channel"], row["subject"], row["body"]) == ("sandbox", message.subject, message.text)
    assert json.loads(row["parameters"]) == {"coupon_value": "5"}


async def test_a_database_that_is_away_is_worth_a_retry(database: str) -> None:
    """The message is not lost with it."""
    pool = await open_pool(database, size=1)
    await pool.close()
    outcome = await SandboxGateway(pool).send(outgoing())
    assert isinstance(outcome, RetryLater)
