"""How long a test waits for what has to happen: long enough for a busy machine, and of no cost where all is well."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 180.0
_STEP_SECONDS = 0.02


async def patiently(
    happened: Callable[[], Awaitable[object]], told: Callable[[object], Awaitable[str]], step: float = _STEP_SECONDS
) -> None:
    """Return once it has happened; else fail with what `told` makes of the last answer."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := await happened()):
        if time.monotonic() > deadline:
            raise AssertionError(await told(answer))
        await asyncio.sleep(step)
