"""Ids for messages that come without one: made of the content, the same when a client sends the message again."""

import hashlib
from datetime import datetime
from typing import Final

from domain.ingestion.refusal import MessageError

LONGEST_ID: Final = 256
_DIGITS: Final = 32


class ContentIds:
    """Makes the ids of one request, where equal messages are numbered."""

    def __init__(self, received_at: datetime) -> None:
        self._received_at = received_at
        self._repeats: dict[str, int] = {}

    def id_of(self, content: bytes, *, has_time: bool) -> str:
        """Return the id of a message with this content, without what is new on each attempt to send it.

        A message without any time cannot be told from its like of another hour, so each arrival counts.
        """
        digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
        if not has_time:
            digest += f"-{self._received_at.timestamp():.6f}"
        repeat = self._repeats[digest] = self._repeats.get(digest, -1) + 1
        return f"content-{digest}-{repeat}"


def given_id(given: object, field: str) -> str | None:
    """Return the id a sender gave as text, None if it gave none; raises `MessageError` for what cannot be an id."""
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 10**LONGEST_ID:
        given = str(given)
    if given is None or given == "":
        return None
    if not isinstance(given, str) or len(given) > LONGEST_ID:
        raise MessageError("message_id.invalid", f"must be at most {LONGEST_ID} characters", field=field)
    return given
