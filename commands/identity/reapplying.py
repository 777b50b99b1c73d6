"""Make erasures hold: finish those that were interrupted, and carry out again those that the database does not know.

A restored backup may be older than an erasure; its receipt beside the lake tells. Done at the start of every process,
before anybody is answered; harmless to repeat, and to do in several processes at once.
"""

import asyncio
import logging
from typing import Final
from uuid import UUID

from commands.identity.erasing import ACTOR, Erasing, ErasureNotFoundError, Grounds, begin, carry_out, keep_receipt
from commands.identity.lift_erasure import readmit
from commands.identity.receipt import Receipt, receipt_of
from commands.runtime.context import Context
from domain.identity.erasure import Erasure
from domain.kernel.errors import StaleVersionError

# The index of erasures answers the first; the second looks at streams by their key.
_KNOWN: Final = f"SELECT DISTINCT originator_id FROM decision_log WHERE topic = '{Erasure.Begun.TOPIC}'"
_OPEN: Final = f"""
    SELECT b.originator_id FROM decision_log AS b WHERE b.topic = '{Erasure.Begun.TOPIC}' AND NOT EXISTS (
        SELECT FROM decision_log AS c WHERE c.originator_id = b.originator_id AND c.topic = '{Erasure.Completed.TOPIC}')
    ORDER BY b.notification_id
"""
# Keys made by a process that had not heard yet, and leave to make keys again that was not given to its end.
_SWEEP: Final = "DELETE FROM subject_key AS k USING erased_subject AS e WHERE k.subject_id = e.subject_id"
_REOPEN: Final = "DELETE FROM erased_subject WHERE NOT subject_id = ANY($1)"
_log = logging.getLogger("koi.erasure")


async def reapply(erasing: Erasing) -> list[Receipt]:
    """Return the receipts of what had to be done; raises what the lake's place raises if it cannot be read."""
    pool = erasing.store.pool
    await erasing.store.suppressions.refresh()
    known = {row["originator_id"] for row in await pool.fetch(_KNOWN)}
    kept = await asyncio.to_thread(erasing.receipts.ids)
    unknown = [await asyncio.to_thread(erasing.receipts.get, one) for one in sorted(kept - known)]
    unknown.sort(key=lambda receipt: receipt.begun_at)
    for receipt in unknown:
        await _again(receipt, erasing)
    interrupted = [row["originator_id"] for row in await pool.fetch(_OPEN)]
    done = [await carry_out(erasure_id, erasing=erasing) for erasure_id in interrupted]
    for receipt in unknown:
        if receipt.lifted:
            await readmit(receipt.id, receipt.lifted, reason=receipt.reason, evidence=receipt.evidence, erasing=erasing)
    told = await asyncio.to_thread(erasing.receipts.ids, completed=True)
    for erasure_id in sorted(known - told):
        await keep_receipt(erasure_id, erasing)
    await pool.execute(_SWEEP)
    await pool.execute(_REOPEN, list(erasing.store.suppressions.ids))
    if done:
        _log.warning("%d erasures carried out again or to their end", len(done))
    return done


async def _again(receipt: Receipt, erasing: Erasing) -> None:
    grounds = Grounds(reason=receipt.reason, legal_basis=receipt.legal_basis, evidence=receipt.evidence)
    by = Context(actor=receipt.requested_by or ACTOR, occurred_at=receipt.begun_at)
    try:
        await begin(receipt.id, set(receipt.suppressed), grounds, by=by, erasing=erasing)
    except StaleVersionError:  # another process is at it as well; if it was not, the next start is
        await erasing.store.suppressions.refresh()


async def begun_erasures(erasing: Erasing) -> list[UUID]:
    """Return every erasure the log knows, the newest first."""
    query = (
        f"SELECT originator_id FROM decision_log WHERE topic = '{Erasure.Begun.TOPIC}' ORDER BY notification_id DESC"
    )
    return [row["originator_id"] for row in await erasing.store.pool.fetch(query)]


async def receipt_if_any(erasing: Erasing, erasure_id: UUID) -> Receipt:
    """Return the receipt of an erasure; raises `ErasureNotFoundError`."""
    if (await erasing.store.streams.load(Erasure, erasure_id)).begun is None:
        raise ErasureNotFoundError("there is no erasure with this id")
    return await receipt_of(erasing.store, erasure_id)
