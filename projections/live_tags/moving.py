"""What became of a person's tags between two instants."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.resolving import Definitions
from projections.live_tags.queries import TagValue, live_tags
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.queries import Catalogue


class TagMove(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that is another at the later instant."""

    key: str
    before: TagValue
    after: TagValue


class PersonMoves(msgspec.Struct, frozen=True, kw_only=True):
    """The tags of a person that are others at the later of two instants, in the order of the catalogue."""

    profile_id: UUID
    since: datetime
    until: datetime
    tags: list[TagMove]


async def moved(
    everybody: Everybody,
    catalogue: Catalogue,
    definitions: Definitions,
    customer_id: UUID,
    instants: tuple[datetime, datetime],
    keys: Collection[str],
) -> PersonMoves | None:
    """Return what changed for the person a customer belongs to, None of a stranger."""
    since, until = instants
    if since >= until:
        raise InvalidInputError("the earlier instant must be before the later one", field="since")
    found = [await live_tags(everybody, catalogue, definitions, customer_id, at, keys) for at in instants]
    if found[0] is None or found[1] is None:
        return None
    profile_id, after = found[1]
    pairs = zip(found[0][1], after, strict=True)
    # A number that came to be whole is no other: 1 and 1.0 are one value.
    tags = [TagMove(key=new.key, before=old, after=new) for old, new in pairs if old.value != new.value]
    return PersonMoves(profile_id=profile_id, since=since, until=until, tags=tags)
