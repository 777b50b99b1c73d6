"""Carry an erasure out: step by step, each done and counted once, so that it may be interrupted anywhere.

The receipt lies beside the lake before anything is destroyed; the keys go last, since what has to be found in the
quarantine is found by what they open.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

import msgspec

from commands.identity.cutting import end_walks, hold_messages
from commands.identity.destroying import Doomed, destroy, destroyed
from commands.identity.joining import whole_person
from commands.identity.known_names import known_names
from commands.identity.receipt import Receipt, Receipts, receipt_of
from commands.identity.traces import ClearCopies, Traces
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.identity.erasure import Erasure
from domain.identity.naming import Naming
from domain.kernel.errors import InvalidInputError, NotFoundError, StaleVersionError

ACTOR: Final = "erasure"


class ErasureNotFoundError(NotFoundError):
    """There is no erasure with this id."""

    code = "erasure.not_found"


class Erasing(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure works with; `copies` by the name under which the receipt counts them."""

    store: EventStore
    naming: Naming
    receipts: Receipts
    traces: Traces
    copies: Mapping[str, ClearCopies]


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """Why somebody is erased; none of it personal."""

    reason: str
    legal_basis: str
    evidence: str = ""


async def begin(erasure_id: UUID, start: set[UUID], grounds: Grounds, *, by: Context, erasing: Erasing) -> None:
    """Decide to erase whoever is joined with these ids, all of it in one transaction.

    Raises `StaleVersionError` if something was recorded about the person meanwhile: look anew. Raises
    `InvalidInputError` where one of the ids is that of an identifier which several people use.
    """
    streams = erasing.store.streams
    erasure = await streams.load(Erasure, erasure_id)
    person = await whole_person(start, streams=streams, traces=erasing.traces)
    if not start <= person.names | person.customers.keys():
        raise InvalidInputError(
            "this identifier is used by several people: name the person by one that is her own", field="identifiers"
        )
    customers = tuple(sorted(person.customers))
    erasure.begin(customers, tuple(sorted({*customers, *person.names})), **msgspec.structs.asdict(grounds))
    for customer in person.customers.values():
        customer.erase(erasure_id, reason=grounds.reason.strip(), legal_basis=grounds.legal_basis.strip())
    await streams.save(erasure, *person.customers.values(), by=by, result={"id": erasure_id})


async def carry_out(erasure_id: UUID, *, erasing: Erasing, given: Iterable[str] = ()) -> Receipt:
    """Destroy whatever is left of the person and return the receipt; an erasure that is complete changes nothing.

    `given` are values in clear that the request named her by: she may never have been seen with them.
    """
    store = erasing.store
    await store.suppressions.refresh()
    erasure = await _widened(erasure_id, erasing)
    by = Context(actor=ACTOR, correlation_id=f"erasure:{erasure_id}")
    if erasure.completed is None and erasure.begun is not None:
        await keep_receipt(erasure_id, erasing)
        ids = erasure.customers | set(erasure.begun.suppressed) | erasure.suppressed
        walks, messages = await erasing.traces.walks_and_messages(ids)
        await end_walks(store.streams, walks, by=by)
        await hold_messages(store.streams, messages, by=by)
        doomed = Doomed(
            erasure_id=erasure_id,
            customers=erasure.customers,
            ids=ids,
            names={*given, *await known_names(store, erasure.customers)},
            command_id=erasure.begun.meta.command_id or erasure_id,
            copies=erasing.copies,
        )
        await destroy(store.pool, doomed)
        counts = {"customers": len(erasure.customers), "walks": len(walks), "messages": len(messages)}
        await _complete(erasure, counts | await destroyed(store.pool, erasure_id), by, erasing)
    return await keep_receipt(erasure_id, erasing)


async def _widened(erasure_id: UUID, erasing: Erasing) -> Erasure:
    """Take in who was recorded while the erasure was decided: from its position on nobody else can be."""
    streams = erasing.store.streams
    erasure = await streams.load(Erasure, erasure_id)
    if erasure.begun is None:
        raise ErasureNotFoundError("there is no erasure with this id")
    if erasure.completed is not None:
        return erasure
    more = await whole_person(erasure.suppressed, streams=streams, traces=erasing.traces)
    late = {one: customer for one, customer in more.customers.items() if not customer.is_erased}
    if late:
        begun = erasure.begun
        erasure.widen(tuple(sorted(late)), tuple(sorted({*late, *more.names})))
        for customer in late.values():
            customer.erase(erasure_id, reason=begun.reason, legal_basis=begun.legal_basis)
        await streams.save(erasure, *late.values(), by=Context(actor=ACTOR))
        return await _widened(erasure_id, erasing)
    return erasure


async def _complete(erasure: Erasure, counts: dict[str, int], by: Context, erasing: Erasing) -> None:
    receipt = msgspec.structs.replace(await receipt_of(erasing.store, erasure.id), destroyed=counts)
    erasure.complete(counts, receipt.digest)
    try:
        await erasing.store.streams.save(erasure, by=by)
    except StaleVersionError:  # another process was at it as well, and has come to the same
        await erasing.store.suppressions.refresh()


async def keep_receipt(erasure_id: UUID, erasing: Erasing) -> Receipt:
    """Write the receipt beside the lake, as the log tells it, and return it."""
    receipt = await receipt_of(erasing.store, erasure_id)
    await asyncio.to_thread(erasing.receipts.put, receipt)
    return receipt
