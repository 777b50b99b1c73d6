"""The reception of calls: opened and read by their receiver, kept durably, then answered as the platform wants."""

import logging
from datetime import datetime
from typing import Final

import msgspec

from api.ingest.door import Door
from commands.activity.source_runs import bring_forward
from commands.callbacks.doors import Hook
from commands.callbacks.hints import Hints
from commands.identity.customers import GivenIdentifier
from commands.identity.erase_customer import EraseCustomer, erase_customer
from commands.identity.erasing import Erasing
from commands.identity.note_consent import note_consent
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.identity.naming import Naming
from domain.ingestion.callbacks.call import Answer, Call, ErasureDuty, Received
from domain.ingestion.refusal import MessageError, Parsed, Refused
from domain.kernel.errors import DomainError
from domain.kernel.ids import derived

# What such a duty rests on: PIPL article 47, consent was withdrawn (and the platform's own terms say so).
_LEGAL_BASIS: Final = "pipl-47"
_log = logging.getLogger("koi.callbacks")


class Kept(msgspec.Struct, frozen=True):
    """The answer to give, now that everything is kept; `position` is one at which it is history (0: nothing is)."""

    answer: Answer
    position: int


class Reception:
    """Where all calls of platforms end up."""

    def __init__(self, store: EventStore, naming: Naming, door: Door, erasing: Erasing) -> None:
        self._store = store
        self._erasing = erasing
        self._naming = naming
        self._door = door
        self._hints = Hints(store.pool)

    async def keep(self, hook: Hook, call: Call) -> Kept:
        """Return once everything the call says is durable; called again with the same it changes nothing.

        A letter that cannot be read is kept in the quarantine and answered as if it could be: the platform's next try
        would read no better. Raises `ForgedCallError` for a signature that is wrong.
        """
        letter = hook.receiver.open(call)
        if letter.body is None:
            return Kept(letter.answer, 0)
        received = _read(hook, letter.body, call.received_at)
        by = Context(actor=hook.source)
        # What stops messages comes first.
        for word in received.consents:
            await note_consent(word, told_by=hook.source, by=by, store=self._store, naming=self._naming)
        admitted = await self._door.admit(received.parsed, hook.source, came_by="call")
        if received.hints:
            await self._hints.keep(hook.source, received.hints)
            await bring_forward(self._store.pool, hook.source)
        # Last: what was just kept of her is destroyed with the rest.
        for duty in received.erasures:
            await erase_customer(_erasure(duty, hook.source), by=_once(by, duty), erasing=self._erasing)
        return Kept(letter.answer, admitted.position)


def _erasure(duty: ErasureDuty, source: str) -> EraseCustomer:
    return EraseCustomer(
        reason=duty.reason,
        legal_basis=_LEGAL_BASIS,
        evidence=f"{source}: {duty.evidence}",
        identifiers=tuple(GivenIdentifier(type=str(one.type), value=one.value) for one in duty.identifiers),
    )


def _once(by: Context, duty: ErasureDuty) -> Context:
    return msgspec.structs.replace(by, command_id=derived("erasure duty", by.actor, duty.evidence))


def _read(hook: Hook, body: bytes, received_at: datetime) -> Received:
    try:
        return hook.receiver.read(body, received_at)
    except DomainError as error:
        reason = error.reason if isinstance(error, MessageError) else error.code
        refused = Refused(index=0, reason=reason, detail=error.detail, field=error.field, raw=body)
    except Exception as error:  # noqa: BLE001 - whatever a platform thinks of next must not be lost by our surprise
        # Never the error's own words: they may quote what the letter says.
        _log.error("a letter of %s cannot be read: %s", hook.source, type(error).__name__)
        refused = Refused(index=0, reason="call.unreadable", detail="Koi cannot read it", field=None, raw=body)
    return Received(parsed=Parsed([], [refused]))
