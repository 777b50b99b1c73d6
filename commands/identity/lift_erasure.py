"""Lift an erasure: a person came back by a new consent. What was erased stays erased; she begins anew."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from commands.identity.customers import GivenIdentifier, observed
from commands.identity.erasing import Erasing, ErasureNotFoundError, keep_receipt
from commands.identity.receipt import Receipt
from commands.runtime.context import AlreadyDoneError, Context
from domain.identity.claim import Observed
from domain.identity.customer import Customer
from domain.identity.erasure import Erasure
from domain.kernel.plain_words import plain_words

_REOPEN = "DELETE FROM erased_subject WHERE subject_id = ANY($1)"


class LiftErasure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Under which identifiers she may be known again, and where she consented to it (`evidence`: a form's number)."""

    identifiers: tuple[GivenIdentifier, ...]
    reason: str
    evidence: str


async def lift_erasure(command: LiftErasure, *, erasure_id: UUID, by: Context, erasing: Erasing) -> Receipt:
    """Let the identifiers in again, and link them to the customer the strongest of them names.

    Raises `ErasureNotFoundError`, `NotSuppressedError` where the erasure keeps none of them out, `InvalidInputError`.
    """
    names = observed(command.identifiers, erasing.naming)
    reason, evidence = plain_words(command.reason, "reason"), plain_words(command.evidence, "evidence")
    try:
        await erasing.store.streams.refuse_repeat(by)
        ids = [one.id for one in names]
        await readmit(erasure_id, ids, reason=reason, evidence=evidence, erasing=erasing, by=by)
    except AlreadyDoneError:
        await _reopen(names, erasing)
    customer = await erasing.store.streams.load(Customer, names[0].id)
    if customer.exists:
        customer.link(names)
    else:
        customer.register(names)
    await erasing.store.streams.save(customer, by=msgspec.structs.replace(by, command_id=None))
    return await keep_receipt(erasure_id, erasing)


async def readmit(
    erasure_id: UUID,
    identifiers: Collection[UUID],
    *,
    reason: str,
    evidence: str,
    erasing: Erasing,
    by: Context | None = None,
) -> None:
    """Take the identifiers off the suppressions; the customers they name begin anew."""
    streams = erasing.store.streams
    erasure = await streams.load(Erasure, erasure_id)
    if erasure.begun is None:
        raise ErasureNotFoundError("there is no erasure with this id")
    erasure.lift(tuple(identifiers), reason=reason, evidence=evidence or "a receipt")
    customers = await streams.load_many(Customer, identifiers)
    for customer in customers.values():
        customer.readmit(erasure_id, reason)
    result = {"id": erasure_id}
    await streams.save(erasure, *customers.values(), by=by or Context(actor="erasure"), result=result)
    await erasing.store.pool.execute(_REOPEN, list(identifiers))
    await erasing.store.suppressions.refresh()


async def _reopen(names: Collection[Observed], erasing: Erasing) -> None:
    await erasing.store.suppressions.refresh()
    free = [one.id for one in names if one.id not in erasing.store.suppressions]
    await erasing.store.pool.execute(_REOPEN, free)
