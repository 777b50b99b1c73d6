"""Sorting out: good messages go through, bad ones are set aside with the reason."""

from collections.abc import Callable, Iterable

from domain.activity.activity import Activity
from domain.ingestion.refusal import MessageError, Parsed, Refused
from domain.kernel.errors import DomainError


def sorted_out(messages: Iterable[bytes], read: Callable[[bytes], Activity]) -> Parsed:
    """Read each message by itself, so that a bad one does not hold up its neighbours."""
    accepted: list[Activity] = []
    refused: list[Refused] = []
    for index, raw in enumerate(messages):
        try:
            accepted.append(read(raw))
        except DomainError as error:
            reason = error.reason if isinstance(error, MessageError) else error.code
            refused.append(Refused(index=index, reason=reason, detail=error.detail, field=error.field, raw=raw))
    return Parsed(accepted, refused)
