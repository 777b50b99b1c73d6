"""Hints: kept until somebody has followed them."""

from commands.callbacks.hints import Hints
from commands.runtime.event_store import open_pool
from domain.ingestion.callbacks.call import Hint


async def test_a_hint_waits_until_it_is_followed(database: str) -> None:
    """Told twice it waits once; hints of another source are another's."""
    async with await open_pool(database, size=2) as pool:
        hints = Hints(pool)
        await hints.keep("tmall", [Hint("order:1"), Hint("order:2"), Hint("order:1")])
        await hints.keep("tmall", [Hint("order:2")])
        await hints.keep("jd", [Hint("order:1")])
        waiting = await hints.waiting("tmall")
        assert [one.subject for one in waiting] == ["order:1", "order:2"]
        await hints.followed("tmall", waiting)
        assert await hints.waiting("tmall") == []
        assert [one.subject for one in await hints.waiting("jd")] == ["order:1"]


async def test_a_hint_that_came_again_meanwhile_stays(database: str) -> None:
    """Who followed the older one has not seen what changed since."""
    async with await open_pool(database, size=2) as pool:
        hints = Hints(pool)
        await hints.keep("tmall", [Hint("order:1")])
        followed = await hints.waiting("tmall")
        await hints.keep("tmall", [Hint("order:1")])
        await hints.followed("tmall", followed)
        assert [one.subject for one in await hints.waiting("tmall")] == ["order:1"]
