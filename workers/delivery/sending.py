"""Send one message: decide, hand over, record."""

from uuid import UUID

from commands.channels.dispatch_message import DispatchMessage, dispatch_message
from commands.channels.record_outcome import RecordOutcome, record_outcome
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.channels.message import Message
from domain.kernel.errors import StaleVersionError
from workers.gateways.gateway import Gateway
from workers.people import People

_ATTEMPTS = 10


class Sender:
    """Sends messages through the gateways of their channels."""

    def __init__(self, store: EventStore, gateways: dict[str, Gateway], people: People) -> None:
        """Take the gateways by channel."""
        self._store = store
        self._gateways = gateways
        self._people = people

    async def send(self, message_id: UUID, channel: str, customer_id: UUID, position: int) -> None:
        """Let the message go out if it may; another worker that is first is left to it."""
        gateway = self._gateways[channel]
        person = (await self._people.of({customer_id}, position))[customer_id]
        by = Context(actor="delivery", causation_id=f"message:{message_id}", correlation_id=f"message:{message_id}")
        command = DispatchMessage(
            message_id=message_id, members=person.members, guards_duplicates=gateway.guards_duplicates, now=now()
        )
        streams = self._store.streams
        try:
            outgoing = await dispatch_message(command, streams=streams, by=by)
        except StaleVersionError:
            return
        if outgoing is None:
            return
        outcome = await gateway.send(outgoing)
        await self._record(RecordOutcome(message_id=message_id, outcome=outcome, now=now()), by)

    async def _record(self, command: RecordOutcome, by: Context) -> None:
        for _ in range(_ATTEMPTS):
            try:
                await record_outcome(command, streams=self._store.streams, by=by)
            except StaleVersionError:  # a receipt came in between, or the customer's consents moved
                continue
            return

    async def resume(self, message_id: UUID) -> None:
        """Try again a message whose time has come."""
        message = await self._store.streams.load(Message, message_id)
        if message.request:
            await self.send(message_id, message.request.channel, message.request.customer_id, 0)
