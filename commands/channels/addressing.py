"""How one person is reached and addressed, from all the customers that are the person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from domain.channels.template import PERSONAL_PREFIX, Value
from domain.identity.attributes import Attribute
from domain.identity.customer import Customer
from domain.identity.graph import is_void

_LANGUAGE_ATTRIBUTES = ("language", "locale")


def address(
    customers: Sequence[Customer], identifier_type: str, unbound: Mapping[UUID, datetime]
) -> tuple[UUID, str] | None:
    """Return the endpoint's id and the address: the last one claimed, by the first of the customers that has any.

    `unbound` says when identifiers were cut from everybody: such an address may be somebody else's by now.
    """
    for customer in customers:
        known = [
            (one, value)
            for one, (kind, value) in customer.identifiers.items()
            if kind == identifier_type and not is_void(customer.id, one, customer.claimed_at[one], unbound)
        ]
        if known:
            return known[-1]
    return None


def personal_values(customers: Sequence[Customer]) -> dict[str, Value]:
    """Return the attributes as places of a template (`customer.first_name`), the last word of any customer first."""
    latest: dict[str, Attribute] = {}
    for customer in customers:
        for name, attribute in customer.attributes.items():
            if name not in latest or attribute.occurred_at > latest[name].occurred_at:
                latest[name] = attribute
    return {
        PERSONAL_PREFIX + name: attribute.value
        for name, attribute in latest.items()
        if isinstance(attribute.value, str | int | float)
    }


def languages(values: dict[str, Value]) -> tuple[str, ...]:
    """Return the languages the person is known to prefer."""
    said = (values.get(PERSONAL_PREFIX + name) for name in _LANGUAGE_ATTRIBUTES)
    return tuple(language for language in said if isinstance(language, str))
