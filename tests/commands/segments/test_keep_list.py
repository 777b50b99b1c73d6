"""Lists of people: kept once, whoever keeps them at the same time."""

import asyncio
from pathlib import Path
from uuid import UUID

import asyncpg

from commands.segments.keep_list import keep_list, people_in

PEOPLE = [UUID(int=number) for number in range(2_000)]


async def test_the_same_list_kept_by_several_at_once_is_kept_once(database: str, tmp_path: Path) -> None:
    """Whoever comes second finds it kept, and is refused nothing."""
    async with asyncpg.create_pool(database, min_size=4, max_size=4) as pool:

        async def kept() -> str:
            async with pool.acquire() as connection:
                listed = await keep_list(connection, tmp_path.as_uri(), "vip", reversed(PEOPLE), {})
                assert sorted(await people_in(connection, listed)) == PEOPLE
                return listed.sha256

        assert len(set(await asyncio.gather(*(kept() for _ in range(4))))) == 1
        assert await pool.fetchval("SELECT count(*) FROM segment_list") == len(PEOPLE)
