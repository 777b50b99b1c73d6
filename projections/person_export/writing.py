"""An export in the form that is wanted, piece by piece."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from projections.person_export.as_json import as_json
from projections.person_export.as_page import as_page
from projections.person_export.queries import Connection, Unsealed, items
from projections.person_export.words import Language

Form = Literal["json", "html"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Whose data (the customers of the profile, and every id she goes by), in which form, for whom and as of when."""

    profile_id: UUID
    members: tuple[UUID, ...]
    ids: tuple[UUID, ...]
    form: Form
    language: Language
    by: str
    at: datetime
    position: int


async def written(connection: Connection, wanted: Wanted, unsealed: Unsealed) -> AsyncIterator[bytes]:
    """Yield the export, all of it as of one instant; the keys of the members are loaded."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = items(connection, wanted.members, wanted.ids, unsealed)
        if wanted.form == "html":
            pieces = as_page(found, exported_at=wanted.at, by=wanted.by, language=wanted.language)
        else:
            pieces = as_json(
                found,
                exported_at=wanted.at,
                position=wanted.position,
                profile_id=wanted.profile_id,
                customers=wanted.members,
            )
        async for piece in pieces:
            yield piece
