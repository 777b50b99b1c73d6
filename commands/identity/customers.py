"""What the commands about customers share: finding one, changing one, and what is answered."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from commands.identity.describing import Describing, shipped
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.identity.claim import CustomerErasedError, Observed
from domain.identity.customer import Customer
from domain.identity.identifier import Identifier, identifier
from domain.identity.naming import Naming
from domain.kernel.errors import DomainError, InvalidInputError, NotFoundError, StaleVersionError

_MOST_IDENTIFIERS = 50


class CustomerNotFoundError(NotFoundError):
    """Nothing was ever recorded about a customer with this id."""

    code = "customer.not_found"


class SuppressedError(DomainError):
    """An identifier names somebody who was erased."""

    code = "identifier.suppressed"


class GivenIdentifier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identifier as it is given: `type` is one of member_code, unionid, phone, email, openid, ..."""

    type: str
    value: str | int


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a command led to: the stream's new version, and the position in the log a view must reach to show it."""

    id: UUID
    version: int
    position: int


def observed(
    given: tuple[GivenIdentifier, ...], naming: Naming, describing: Describing | None = None
) -> tuple[Observed, ...]:
    """Return the identifiers in their one spelling, the strongest first; raises `IdentifierError` naming its place."""
    if not 0 < len(given) <= _MOST_IDENTIFIERS:
        raise InvalidInputError(f"give 1 to {_MOST_IDENTIFIERS} identifiers", field="identifiers")
    clean = {_clean(place, one) for place, one in enumerate(given)}
    return (describing or shipped()).observed(sorted(clean), naming, now())


def _clean(place: int, given: GivenIdentifier) -> Identifier:
    try:
        return identifier(given.type, given.value)
    except InvalidInputError as error:
        # The same error, with its place among the identifiers; its words never repeat the value.
        error.field = f"identifiers[{place}].{'type' if error.field == 'type' else 'value'}"
        raise


async def existing(streams: Streams, customer_id: UUID, *, field: str | None = None) -> Customer:
    """Return the customer as it stands; raises `CustomerNotFoundError`."""
    customer = await streams.load(Customer, customer_id)
    if not customer.exists:
        raise CustomerNotFoundError("there is no customer with this id", field=field)
    if customer.is_erased:
        raise CustomerErasedError("this person was erased: nothing is recorded about her any more", field=field)
    return customer


async def admitted(names: tuple[Observed, ...], streams: Streams) -> tuple[Observed, ...]:
    """Return the identifiers; raises `SuppressedError` where one of them names somebody who was erased."""
    await streams.suppressions.refresh()
    if any(one.id in streams.suppressions for one in names):
        raise SuppressedError(
            "one of these identifiers names a person who was erased: only her new consent lets her in again "
            "(POST /api/v1/erasures/{id}/lift)",
            field="identifiers",
        )
    return names


def expect(customer: Customer, version: int | None) -> None:
    """Raise `StaleVersionError` unless the customer stands at this version; None expects nothing."""
    if version is not None and customer.version != version:
        raise StaleVersionError(f"the customer is at version {customer.version}: read it again and decide anew")


async def change(
    customer_id: UUID,
    tell: Callable[[Customer], None],
    *,
    by: Context,
    streams: Streams,
    expected_version: int | None,
) -> Changed:
    """Load the customer, tell it, save it; raises `StaleVersionError` unless it stands at the expected version."""
    customer = await existing(streams, customer_id)
    expect(customer, expected_version)
    tell(customer)
    return await saved(customer, by=by, streams=streams)


async def saved(customer: Customer, *others: Customer, by: Context, streams: Streams) -> Changed:
    """Save what the customers decided; the answer speaks of the first, and is kept for a repeat of the command."""
    result: dict[str, Any] = {"id": customer.id, "version": customer.version}
    outcome = await streams.save(customer, *others, by=by, result=result)
    return Changed(id=customer.id, version=customer.version, position=outcome.position)
