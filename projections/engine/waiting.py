"""Read your own writes: wait until a view has reached the position of a write."""

import asyncio

from projections.engine.projection import Reading

_POSITION = "SELECT position FROM projection_position WHERE name = $1"
_FIRST_STEP_SECONDS = 0.0005
_LONGEST_STEP_SECONDS = 0.02
_GROWTH = 1.25


class NotYetError(TimeoutError):
    """The view did not reach the position in time."""

    def __init__(self, view: str, position: int) -> None:
        """Say what was waited for."""
        super().__init__(f"{view} has not reached position {position} yet")
        self.view = view
        self.position = position


async def wait_until(connection: Reading, view: str, position: int, timeout_seconds: float = 5.0) -> None:
    """Return once the view shows everything up to the position; raises `NotYetError` when that takes too long."""
    step = _FIRST_STEP_SECONDS
    try:
        async with asyncio.timeout(timeout_seconds):
            while (await connection.fetchval(_POSITION, view) or 0) < position:
                await asyncio.sleep(step)
                step = min(step * _GROWTH, _LONGEST_STEP_SECONDS)
    except TimeoutError:
        raise NotYetError(view, position) from None
