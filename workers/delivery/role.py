"""Messages asked for go out as soon as they are asked for."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec
from nats.aio.msg import Msg

from workers import bus
from workers.delivery.sending import Sender
from workers.gateways.opening import open_gateways
from workers.parking import park
from workers.people import People
from workers.runtime import PASSING, Worker


class _Request(msgspec.Struct, frozen=True):
    customer_id: UUID
    channel: str


class _Envelope(msgspec.Struct, frozen=True):
    id: str
    subject: UUID
    data: _Request


_decode = msgspec.json.Decoder(_Envelope).decode


async def delivery(worker: Worker) -> None:
    """Deliver for as long as the connections hold."""
    js = await bus.ensure_stream(worker.client)
    async with open_gateways(worker.settings, worker.secrets.webhook_secret, worker.store.pool) as gateways:
        sender = Sender(worker.store, gateways, People(worker.store.pool))

        async def handle(messages: Sequence[Msg]) -> None:
            await asyncio.gather(*(_send(sender, worker.store.pool, message) for message in messages))

        await bus.consume(js, "delivery", ["koi.*.message.requested"], handle)


async def _send(sender: Sender, pool: asyncpg.Pool, message: Msg) -> None:
    asked = _decode(message.data)
    # Whom the customer is one person with was known when the message was asked for: no need to wait for the graph.
    try:
        await sender.send(asked.subject, asked.data.channel, asked.data.customer_id, 0)
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001 - a fault with one message must not hold up the others
        await park(pool, "delivery", int(asked.id), asked.subject, "message.requested", error)
    await message.ack()
