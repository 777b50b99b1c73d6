"""Looking again and again at something that tells nobody when it happens."""

import asyncio
from collections.abc import Callable

STEP = 0.02


async def until(happened: Callable[[], bool], seconds: float) -> bool:
    """Wait until it has happened, at most so long; whether it has."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + seconds
    while clock.time() < deadline:
        if happened():
            return True
        await asyncio.sleep(STEP)
    return happened()
