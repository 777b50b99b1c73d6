"""Register a customer: begin the history of someone known by these identifiers."""

from typing import Any

import msgspec

from commands.identity.customers import Changed, GivenIdentifier, admitted, observed, saved
from commands.identity.describing import Describing, shipped
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.identity.customer import Customer
from domain.identity.naming import Naming


class RegisterCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The identifiers, of which the strongest names the customer, and what is known about the person."""

    identifiers: tuple[GivenIdentifier, ...]
    attributes: dict[str, Any] = {}


async def register_customer(
    command: RegisterCustomer, *, by: Context, streams: Streams, naming: Naming, describing: Describing | None = None
) -> Changed:
    """Begin the customer's history.

    Raises `AlreadyExistsError` where the strongest identifier has one, `IdentifierError` for a malformed one.
    """
    rules = describing or shipped()
    names = await admitted(observed(command.identifiers, naming, rules), streams)
    customer = await streams.load(Customer, names[0].id)
    customer.register(names)
    occurred_at = by.occurred_at or now()
    if command.attributes:
        rules.describe(customer, command.attributes, source=by.actor, said_at=occurred_at)
    return await saved(customer, by=msgspec.structs.replace(by, occurred_at=occurred_at), streams=streams)
