"""The relay as a role of the worker process."""

from workers import bus
from workers.relay.relay import Relay
from workers.runtime import Worker, listening


async def relay(worker: Worker) -> None:
    """Relay the log to JetStream for as long as the connections hold."""
    js = await bus.ensure_stream(worker.client)
    async with listening(worker.settings.database_url, ("decision_log",)) as (connection, woken):
        # What the relay writes is a copy of what the stream knows.
        await connection.execute("SET synchronous_commit = off")
        await Relay(js, stream=bus.STREAM, prefix="koi").run(connection, woken)
