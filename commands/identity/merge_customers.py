"""Merge two customers: someone decided that they are one person. Both histories stay as they are."""

from uuid import UUID

import msgspec

from commands.identity.customers import Changed, change, existing
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.kernel.errors import InvalidInputError
from domain.kernel.plain_words import plain_words


class MergeCustomers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The other customer, and why they are one person, in words that name nobody: they stay readable in the log."""

    other_id: UUID
    reason: str


async def merge_customers(
    command: MergeCustomers, *, customer_id: UUID, expected_version: int | None, by: Context, streams: Streams
) -> Changed:
    """Join the two; raises `MergeError` where they are joined already, `CustomerNotFoundError` if one is missing."""
    if not command.reason.strip():
        raise InvalidInputError(
            "say why they are one person: it can be undone only if it can be judged", field="reason"
        )
    reason = plain_words(command.reason, "reason")
    await existing(streams, command.other_id, field="other_id")
    return await change(
        customer_id,
        lambda customer: customer.merge(command.other_id, reason),
        by=by,
        streams=streams,
        expected_version=expected_version,
    )
