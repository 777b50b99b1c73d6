"""Keep a list of people: as a file below the lake that its digest names, and in the database to look people up.

A list never changes once it is kept: another one is another file, so what was kept twice is kept once.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import asyncpg
from fsspec.core import url_to_fs

from commands.runtime.connection import Connection
from commands.runtime.durable import put_durably
from domain.segments.segment import PeopleList, list_id

_SHORT: Final = 16
_PEOPLE: Final = "SELECT customer_id FROM segment_list WHERE list_id = $1"
_EXISTS: Final = "SELECT EXISTS (SELECT FROM segment_list WHERE list_id = $1)"


async def keep_list(
    connection: Connection, lake_url: str, key: str, people: Iterable[UUID], origin: dict[str, Any]
) -> PeopleList:
    """Keep these customers as a list of the segment with this key; its event is yet to be recorded."""
    # Millions of lines take seconds: others are served meanwhile.
    ordered, content = await asyncio.to_thread(_written, people)
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"segments/{key}/{sha256[:_SHORT]}.txt"
    await asyncio.to_thread(_put, lake_url, path, content)
    identity = list_id(sha256)
    if not await connection.fetchval(_EXISTS, identity):
        rows = ((identity, one) for one in ordered)
        # All rows at once or none: whoever finds one finds all. Another who keeps the same list may have been quicker.
        with contextlib.suppress(asyncpg.UniqueViolationError):
            await connection.copy_records_to_table("segment_list", records=rows, columns=("list_id", "customer_id"))
    return PeopleList(people=len(ordered), path=path, sha256=sha256, origin=origin)


async def people_in(connection: Connection, listed: PeopleList | None) -> list[UUID]:
    """Return the customers in a list; nobody where there is none yet."""
    rows = await connection.fetch(_PEOPLE, list_id(listed.sha256)) if listed else ()
    return [row["customer_id"] for row in rows]


def _written(people: Iterable[UUID]) -> tuple[list[UUID], bytes]:
    ordered = sorted(set(people))
    return ordered, "".join(f"{one}\n" for one in ordered).encode()


def _put(lake_url: str, path: str, content: bytes) -> None:
    filesystem, root = url_to_fs(lake_url)
    put_durably(filesystem, f"{root}/{path}", content)
