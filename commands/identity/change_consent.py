"""Change consent: keep what a person said about a channel and a purpose, with the proof of it."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commands.identity.customers import Changed, change
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.identity.customer import ConsentState
from domain.kernel.errors import InvalidInputError

_CLOCKS_DIFFER = timedelta(minutes=5)


class ChangeConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was said: `granted` or `withdrawn`, under which wording (`text_version`), where (`source`), and when.

    `occurred_at` (with its time zone; now, if left out) decides which word is the last one.
    """

    channel: str
    purpose: str
    state: ConsentState
    text_version: str
    source: str
    evidence: str = ""
    occurred_at: datetime | None = None


async def change_consent(
    command: ChangeConsent, *, customer_id: UUID, expected_version: int | None, by: Context, streams: Streams
) -> Changed:
    """Record the word, also one that repeats the last: each is a proof of its own."""
    for field in ("channel", "purpose", "text_version", "source"):
        if not getattr(command, field).strip():
            raise InvalidInputError("a consent without this would be no proof", field=field)
    occurred_at = _said_at(command.occurred_at)
    return await change(
        customer_id,
        lambda customer: customer.change_consent(
            command.channel,
            command.purpose,
            command.state,
            text_version=command.text_version,
            source=command.source,
            evidence=command.evidence,
            occurred_at=occurred_at,
        ),
        by=by,
        streams=streams,
        expected_version=expected_version,
    )


def _said_at(given: datetime | None) -> datetime:
    present = now()
    if given is None:
        return present
    if given.tzinfo is None:
        raise InvalidInputError("a time needs its zone, such as 2026-11-23T09:00:00+08:00", field="occurred_at")
    if given > present + _CLOCKS_DIFFER:
        raise InvalidInputError("a word is said now or in the past", field="occurred_at")
    return min(given, present)
