"""What a customer's history is made of beside its events: claims on identifiers, and refusals."""

from typing import Any
from uuid import UUID

import msgspec

from domain.identity.inference import Inference
from domain.kernel import DomainError


class MergeError(DomainError):
    """A merge or its undoing that makes no sense for these two customers."""

    code = "customer.merge"


class CustomerErasedError(DomainError):
    """The person asked to be erased: nothing is recorded about her any more."""

    code = "customer.erased"


class Claim(msgspec.Struct, frozen=True):
    """An identifier a customer was seen with: the id it names, and its type. The value itself is sealed beside it."""

    id: UUID
    type: str


class Observed(msgspec.Struct, frozen=True):
    """An identifier as observed: the id it names, its type and its value in clear (None where it is not kept).

    `tells` is what the value gives away by itself, such as where a phone number was issued.
    """

    id: UUID
    type: str
    value: str | None
    tells: tuple[Inference, ...] = ()


def claimed(identifiers: tuple[Observed, ...]) -> dict[str, Any]:
    """Return the fields of an event that claims these identifiers."""
    return {
        "claims": tuple(Claim(observed.id, observed.type) for observed in identifiers),
        "identifiers": {str(o.id): o.value for o in identifiers if o.value is not None},
    }
