"""Link identifiers to a customer: by decision, so that a claim withdrawn by an un-merge counts again."""

from uuid import UUID

import msgspec

from commands.identity.customers import Changed, GivenIdentifier, admitted, change, observed
from commands.identity.describing import Describing
from commands.runtime.context import Context
from commands.runtime.streams import Streams
from domain.identity.naming import Naming


class LinkIdentifiers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The identifiers under which the customer is known as well."""

    identifiers: tuple[GivenIdentifier, ...]


async def link_identifiers(
    command: LinkIdentifiers,
    *,
    customer_id: UUID,
    expected_version: int | None,
    by: Context,
    streams: Streams,
    naming: Naming,
    describing: Describing | None = None,
) -> Changed:
    """Add the identifiers the customer does not claim yet; those it claims already change nothing."""
    names = await admitted(observed(command.identifiers, naming, describing), streams)
    return await change(
        customer_id, lambda customer: customer.link(names), by=by, streams=streams, expected_version=expected_version
    )
