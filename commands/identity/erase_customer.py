"""Erase a person: every customer she is made of, for good, with a receipt; what names her is kept out from then on."""

from typing import Final
from uuid import UUID, uuid4

import msgspec

from commands.identity.customers import GivenIdentifier, observed
from commands.identity.erasing import Erasing, Grounds, begin, carry_out
from commands.identity.receipt import Receipt
from commands.runtime.context import AlreadyDoneError, Context
from domain.kernel.errors import InvalidInputError, StaleVersionError
from domain.kernel.ids import derived
from domain.kernel.plain_words import plain_words

_ATTEMPTS: Final = 10


class EraseCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom (a customer's id, or identifiers, or both: all of them are one person), and on what grounds.

    `legal_basis` is such as `pipl-47`, `gdpr-17` or `consent-withdrawn`; `evidence` points to the request (a form's
    number, a provider's event) and repeats nothing of it.
    """

    reason: str
    legal_basis: str
    evidence: str = ""
    customer_id: UUID | None = None
    identifiers: tuple[GivenIdentifier, ...] = ()


async def erase_customer(command: EraseCustomer, *, by: Context, erasing: Erasing) -> Receipt:
    """Return the receipt once everything is destroyed; `by.actor` asked for it, `by.command_id` makes a repeat safe.

    A person nobody knows is kept out all the same. Interrupted anywhere, it is finished by a repeat or at the next
    start of any process. Raises `InvalidInputError` where nobody or no ground is named.
    """
    by = msgspec.structs.replace(by, command_id=by.command_id or uuid4())
    erasure_id = derived("erasure", by.command_id)
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            await _begin(command, erasure_id, by=by, erasing=erasing)
        except AlreadyDoneError:
            break  # a repeat: what is left of it follows
        except StaleVersionError:  # something was recorded about the person meanwhile
            if not attempts_left:
                raise
        else:
            break
    return await carry_out(erasure_id, erasing=erasing, given=_values(command))


async def _begin(command: EraseCustomer, erasure_id: UUID, *, by: Context, erasing: Erasing) -> None:
    await erasing.store.streams.refuse_repeat(by)
    grounds = Grounds(
        reason=plain_words(command.reason, "reason"),
        legal_basis=plain_words(command.legal_basis, "legal_basis"),
        evidence=plain_words(command.evidence, "evidence"),
    )
    await begin(erasure_id, _start(command, erasing), grounds, by=by, erasing=erasing)


def _start(command: EraseCustomer, erasing: Erasing) -> set[UUID]:
    named = {one.id for one in observed(command.identifiers, erasing.naming)} if command.identifiers else set()
    if command.customer_id is not None:
        named.add(command.customer_id)
    if not named:
        raise InvalidInputError("name the person by `customer_id` or `identifiers`", field="customer_id")
    return named


def _values(command: EraseCustomer) -> tuple[str, ...]:
    return tuple(str(one.value) for one in command.identifiers)
