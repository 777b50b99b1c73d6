"""Messages asked for go out as soon as they are asked for."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from nats.aio.msg import Msg

from workers import bus
from workers.delivery.sending import Due, Sender
from workers.gateways.opening import open_gateways
from workers.journeys.campaigns import Campaigns
from workers.people import People
from workers.runtime import Worker


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
    store = worker.store
    async with open_gateways(worker.settings, worker.secrets, store.pool) as gateways:
        sender = Sender(store, gateways, People(store.pool), Campaigns(store.pool, store.streams))

        async def handle(messages: Sequence[Msg]) -> None:
            asked = [_decode(message.data) for message in messages]
            due = [Due(one.subject, one.data.customer_id, one.data.channel) for one in asked]
            await sender.send(due, max(int(one.id) for one in asked))
            await bus.acknowledge(messages)

        await bus.consume(js, "delivery", ["koi.*.message.requested"], handle)
