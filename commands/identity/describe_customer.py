"""Describe a customer: set attributes; the personal ones are sealed."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from commands.identity.customers import Changed, change
from commands.identity.describing import Describing, shipped
from commands.runtime.clock import now
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.kernel.errors import InvalidInputError


class DescribeCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Attributes by name, and since when they hold (with its time zone; now, if left out): the last word wins."""

    attributes: dict[str, Any]
    occurred_at: datetime | None = None


async def describe_customer(
    command: DescribeCustomer,
    *,
    customer_id: UUID,
    expected_version: int | None,
    by: Context,
    streams: Streams,
    describing: Describing | None = None,
) -> Changed:
    """Set the attributes; a word older than the one known changes nothing."""
    if not command.attributes:
        raise InvalidInputError("name at least one attribute", field="attributes")
    present = now()
    if command.occurred_at is not None and command.occurred_at.tzinfo is None:
        raise InvalidInputError("a time needs its zone, such as 2026-11-23T09:00:00+08:00", field="occurred_at")
    occurred_at = min(command.occurred_at or present, present)
    rules = describing or shipped()
    return await change(
        customer_id,
        lambda customer: rules.describe(customer, command.attributes, source=by.actor, said_at=occurred_at),
        by=by,
        streams=streams,
        expected_version=expected_version,
    )
