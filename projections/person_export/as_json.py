"""An export as JSON, written as it is read: one object, one list a section (`document.PersonExport` is its form)."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from projections.person_export.document import FORMAT, SECTIONS, Item, PersonExport, Section

_CHUNK_BYTES: Final = 64 * 1024
_encode = msgspec.json.Encoder().encode


def schema() -> dict[str, object]:
    """Return the JSON Schema of an export."""
    return msgspec.json.schema(PersonExport)


async def as_json(
    items: AsyncIterator[tuple[Section, Item]],
    *,
    exported_at: datetime,
    position: int,
    profile_id: UUID,
    customers: tuple[UUID, ...],
) -> AsyncIterator[bytes]:
    """Yield the document in pieces."""
    head = {
        "format": FORMAT,
        "exported_at": exported_at,
        "position": position,
        "profile_id": profile_id,
        "customers": customers,
    }
    waiting = bytearray(_encode(head)[:-1])
    begun = -1
    is_first = True
    async for section, item in items:
        at = SECTIONS.index(section)
        if at != begun:
            waiting += _between(begun, at)
            begun, is_first = at, True
        waiting += (b"" if is_first else b",") + _encode(item)
        is_first = False
        if len(waiting) > _CHUNK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    waiting += _between(begun, len(SECTIONS)) + b"}"
    yield bytes(waiting)


def _between(begun: int, at: int) -> bytes:
    """Close the section that is open, write the empty ones in between, and open the next."""
    text = "]" if begun >= 0 else ""
    for name in SECTIONS[begun + 1 : at]:
        text += f',"{name}":[]'
    if at < len(SECTIONS):
        text += f',"{SECTIONS[at]}":['
    return text.encode()
