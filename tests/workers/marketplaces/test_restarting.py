"""Killed in the middle of a back-fill and begun again: nothing is lost, nothing is there twice."""

import asyncio
import os
import sys

import pytest

from tests.workers.marketplaces.shopping import Scene, expected, sell
from workers.marketplaces.simulator.gate import Call

_PULL = """
import asyncio, sys
from pathlib import Path
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.runtime.sources import read_source
from workers.sources.kind import open_means
from workers.sources.turn import take_turn

async def main():
    import os
    settings = Settings.from_environment(os.environ)
    secrets = Secrets.load(settings.secrets_file)
    async with open_event_store(settings.database_url, secrets.master_key) as store:
        async with open_means(settings, secrets, store) as means:
            await take_turn(read_source(Path(sys.argv[1])), means)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["taobao", "youzan"])
async def test_a_pull_that_is_killed_goes_on_where_its_windows_were_durable(scene: Scene, kind: str) -> None:
    """Struck by kill -9 while a page is being turned, in a process of its own; then two more to the end."""
    orders = sell(scene.shop(kind), 40, hours=40)
    gate = scene.gate(kind)
    source = scene.source(kind, mapping={"limits": {"page_size": 5, "window_hours": 8}})
    settings = scene.means.settings
    environment = os.environ | {
        "KOI_HOME": str(settings.home),
        "KOI_DATABASE_URL": settings.database_url,
        "KOI_NATS_URL": settings.nats_url,
    }

    async def begun() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(sys.executable, "-c", _PULL, str(source.file), env=environment)

    process = await begun()
    turned, struck = 0, asyncio.Event()

    async def strike(_: Call) -> None:
        nonlocal turned
        turned += 1
        if turned == 14:
            process.kill()
            struck.set()

    gate.on_call = strike
    await process.wait()
    assert struck.is_set()
    gate.on_call = None
    told = await scene.facts(kind)
    assert 0 < len(told) < len(expected(kind, orders))
    pages = len(gate.calls)
    again = await begun()
    assert await again.wait() == 0
    assert await scene.facts(kind) == expected(kind, orders)
    assert len(gate.calls) - pages < pages * 12
    once_more = await begun()
    assert await once_more.wait() == 0
    assert await scene.facts(kind) == expected(kind, orders)
