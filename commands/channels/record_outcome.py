"""Record what became of a message; where the person told the provider to stop, withdraw the consent with it."""

from datetime import datetime
from uuid import UUID

import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.channels.message import Message, MessageRequest
from domain.channels.outcome import OptedOut, Outcome
from domain.identity.customer import ConsentState, Customer
from domain.kernel.aggregate import Aggregate


class RecordOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """From a gateway, from a receipt, or from a person who settles an unknown one."""

    message_id: UUID
    outcome: Outcome
    now: datetime


async def record_outcome(
    command: RecordOutcome, *, streams: Streams, by: Context, message: Message | None = None
) -> Saved | None:
    """Record it; None if the message's fate was settled before. `message` spares loading it."""
    message = message or await streams.load(Message, command.message_id)
    if not message.note(command.outcome, command.now) or message.request is None:
        return None
    changed: list[Aggregate] = [message]
    if isinstance(command.outcome, OptedOut):
        changed.append(await _opted_out(streams, message.request, command))
    return await streams.save(*changed, by=by)


async def _opted_out(streams: Streams, request: MessageRequest, command: RecordOutcome) -> Customer:
    customer = await streams.load(Customer, request.customer_id)
    customer.change_consent(
        request.channel,
        request.purpose,
        ConsentState.WITHDRAWN,
        text_version="",
        source="provider",
        occurred_at=command.now,
        evidence=f"message {command.message_id}",
    )
    return customer
