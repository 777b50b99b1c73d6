"""Send messages: load what they concern, decide, hand over, record."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec

from commands.channels.dispatch_message import Concerned, DispatchMessage, dispatch_message
from commands.channels.record_outcome import RecordOutcome, record_outcome
from commands.identity.unbinding import unbindings
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.channels.channel import CHANNELS
from domain.channels.message import Message
from domain.identity.customer import Customer
from domain.kernel.errors import StaleVersionError
from workers.gateways.gateway import Gateway
from workers.journeys.campaigns import Campaigns
from workers.parking import park
from workers.people import People
from workers.runtime import PASSING

_ATTEMPTS = 10


class Due(msgspec.Struct, frozen=True):
    """A message to send: who it is for, and through which channel."""

    message_id: UUID
    customer_id: UUID
    channel: str


class Sender:
    """Sends messages through the gateways of their channels."""

    def __init__(self, store: EventStore, gateways: dict[str, Gateway], people: People, campaigns: Campaigns) -> None:
        """Take the gateways by channel, and who and what the messages are about."""
        self._store = store
        self._gateways = gateways
        self._people = people
        self._campaigns = campaigns

    async def send(self, messages: Sequence[Due], position: int) -> None:
        """Let the messages go out that may, knowing every change of a campaign up to the position.

        Raises what passes (a lost connection); a message that cannot be dealt with is put aside.
        """
        await self._campaigns.come_to(position)
        loaded = await self._concerned(messages)
        await asyncio.gather(*(self._send(due, concerned) for due, concerned in zip(messages, loaded, strict=True)))

    async def resume(self, message_id: UUID) -> None:
        """Try again a message whose time has come."""
        message = await self._store.streams.load(Message, message_id)
        if message.request:
            await self.send([Due(message_id, message.request.customer_id, message.request.channel)], 0)

    async def _concerned(self, messages: Sequence[Due]) -> list[Concerned]:
        # Whom a customer is one person with was known when the message was asked for: no need to wait for the graph.
        people = await self._people.of({due.customer_id for due in messages}, 0)
        streams = self._store.streams
        members = {one for due in messages for one in (due.customer_id, *people[due.customer_id].members)}
        loaded, customers = await asyncio.gather(
            streams.load_many(Message, [due.message_id for due in messages]), streams.load_many(Customer, members)
        )
        kinds = {CHANNELS[due.channel].identifier_type for due in messages if due.channel in CHANNELS} - {None}
        unbound = await unbindings(streams, customers.values(), of_types=kinds) if kinds else {}
        concerned = []
        for due in messages:
            message = loaded[due.message_id]
            ids = dict.fromkeys((due.customer_id, *people[due.customer_id].members))
            campaign_id = message.request.campaign_id if message.request else due.message_id
            campaign = await self._campaigns.get(campaign_id)
            own = [customers[one] for one in ids]
            concerned.append(Concerned(message=message, campaign=campaign, customers=own, unbound=unbound))
        return concerned

    async def _send(self, due: Due, concerned: Concerned) -> None:
        try:
            await self._dispatch(due, concerned)
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - a fault with one message must not hold up the others
            await park(self._store.pool, "delivery", 0, due.message_id, "message.requested", error)

    async def _dispatch(self, due: Due, concerned: Concerned) -> None:
        gateway = self._gateways[due.channel]
        by = Context(
            actor="delivery", causation_id=f"message:{due.message_id}", correlation_id=f"message:{due.message_id}"
        )
        command = DispatchMessage(
            message_id=due.message_id,
            members=tuple(customer.id for customer in concerned.customers),
            guards_duplicates=gateway.guards_duplicates,
            now=now(),
        )
        try:
            outgoing = await dispatch_message(command, streams=self._store.streams, by=by, concerned=concerned)
        except StaleVersionError:  # another worker was first: it is that one's to send
            return
        if outgoing is None:
            return
        outcome = RecordOutcome(message_id=due.message_id, outcome=await gateway.send(outgoing), now=now())
        await self._record(outcome, by, concerned.message)

    async def _record(self, command: RecordOutcome, by: Context, message: Message | None) -> None:
        for _ in range(_ATTEMPTS):
            try:
                await record_outcome(command, streams=self._store.streams, by=by, message=message)
            except StaleVersionError:  # a receipt came in between, or the customer's consents moved
                message = None
                continue
            return
