"""Dispatch a message: decide, at the time of sending, whether it may go out, and put it into words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from commands.campaigns import designs
from commands.channels.addressing import address, languages, personal_values
from commands.identity.unbinding import unbindings
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.channels import consent, template
from domain.channels.channel import Channel, channel
from domain.channels.message import Message, MessageNotFoundError, MessageRequest, Suppression
from domain.channels.outgoing import Outgoing
from domain.identity.customer import Customer


class DispatchMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`members` are the customers of the profile; `guards_duplicates` is what the channel's gateway says of itself."""

    message_id: UUID
    members: tuple[UUID, ...]
    guards_duplicates: bool
    now: datetime


class Concerned(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a message concerns, loaded; the profile's own customer first. `unbound`: see `address`."""

    message: Message
    campaign: Campaign
    customers: Sequence[Customer]
    unbound: Mapping[UUID, datetime] = {}


async def dispatch_message(
    command: DispatchMessage, *, streams: Streams, by: Context, concerned: Concerned | None = None
) -> Outgoing | None:
    """Return what to hand to the gateway, recorded as dispatched; None if it does not go out, or did already.

    `concerned` spares loading it. Raises `StaleVersionError` if another worker was first: it is that one's to send.
    """
    concerned = concerned or await _load(command, streams)
    message = concerned.message
    if message.request is None:
        raise MessageNotFoundError("there is no message with this id")
    if not message.is_due(command.now):
        return None
    if message.request.customer_id in streams.suppressions:  # also a name that no history of its own bears
        message.suppress("erased")
        await streams.save(message, by=by)
        return None
    outgoing = _decide(message.request, command, concerned)
    await streams.save(message, by=by)
    return outgoing


async def _load(command: DispatchMessage, streams: Streams) -> Concerned:
    message = await streams.load(Message, command.message_id)
    if message.request is None:
        raise MessageNotFoundError("there is no message with this id")
    # The profile's own customer first: its address is the person's first choice.
    ids = list(dict.fromkeys((message.request.customer_id, *command.members)))
    customers = await streams.load_many(Customer, ids)
    campaign = await streams.load(Campaign, message.request.campaign_id)
    kind = channel(message.request.channel).identifier_type
    unbound = await unbindings(streams, customers.values(), of_types={kind}) if kind else {}
    return Concerned(message=message, campaign=campaign, customers=[customers[one] for one in ids], unbound=unbound)


def _decide(request: MessageRequest, command: DispatchMessage, concerned: Concerned) -> Outgoing | None:
    message, campaign, customers = concerned.message, concerned.campaign, concerned.customers
    way = channel(request.channel)
    endpoint = address(customers, way.identifier_type, concerned.unbound) if way.identifier_type else None
    reason = _suppression(request, way, campaign, customers, command.now)
    if reason is None and way.identifier_type and endpoint is None:
        reason = "no_endpoint"
    if reason:
        message.suppress(reason)
        return None
    try:
        subject, text = _words(request, campaign, customers)
    except template.MissingValueError as error:
        message.refuse(f"template {request.template}: {error.detail}")
        return None
    endpoint_id, to = endpoint or (None, None)
    if not message.dispatch(endpoint_id=endpoint_id, now=command.now, guards_duplicates=command.guards_duplicates):
        return None
    return Outgoing(
        message_id=message.id,
        channel=request.channel,
        customer_id=request.customer_id,
        purpose=request.purpose,
        to=to,
        subject=subject,
        text=text,
        parameters=request.parameters,
        requested_at=request.trigger_occurred_at,
    )


def _suppression(
    request: MessageRequest, way: Channel, campaign: Campaign, customers: Sequence[Customer], now: datetime
) -> Suppression | None:
    consents = [customer.consents for customer in customers]
    if any(customer.is_erased for customer in customers):
        return "erased"
    if now >= request.expires_at:
        return "expired"
    if campaign.is_paused:
        return "campaign_paused"
    if not consent.allows(consents, request.channel, request.purpose, requires_grant=way.requires_grant):
        return "no_consent"
    return None


def _words(request: MessageRequest, campaign: Campaign, customers: Sequence[Customer]) -> tuple[str, str]:
    _, templates = designs.read(campaign, request.journey_version)
    personal = personal_values(customers)
    wording = template.chosen(templates[request.template], languages(personal))
    return template.render(wording, {**personal, **request.parameters})
