"""Positions: how far a view has come, and waiting until it shows what was just written."""

import asyncio
from typing import Annotated, Final

import asyncpg
from litestar.params import HeaderParameter, QueryParameter

from domain.kernel.errors import KoiError
from projections.engine import position
from projections.engine.waiting import wait_until

LONGEST_WAIT: Final = 5.0
_LARGEST: Final = 2**63 - 1
_EXPLAINED: Final = (
    "The position that the answer must show at least: the `position` of a command, waited for up to 5 s."
)

WaitForHeader = Annotated[
    int | None, HeaderParameter(name="Koi-Wait-For", ge=0, le=_LARGEST, description=_EXPLAINED, required=False)
]
WaitForQuery = Annotated[
    int | None, QueryParameter(name="wait_for", ge=0, le=_LARGEST, description=_EXPLAINED, required=False)
]


class LaggingError(KoiError):
    """The view has not come as far as the reader wants to see, within the time a reader waits."""

    code = "view.lagging"

    def __init__(self, view: str, reached: int, wanted: int) -> None:
        super().__init__(
            f"after {LONGEST_WAIT:g} seconds the view ({view}) is at position {reached}, {wanted - reached} short of "
            f"{wanted}: ask again, or ask without waiting"
        )


async def wait_for(from_header: WaitForHeader = None, from_query: WaitForQuery = None) -> int | None:
    """Return the position the reader waits for, None for whatever there is."""
    return from_query if from_header is None else from_header


class Positions:
    """Answers how far views are."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, *views: str) -> int:
        """Return the position that all of these views have reached; 0 where one does not exist yet."""
        found = [await position.find(self._pool, view) for view in views]
        return min(one.position if one else 0 for one in found)

    async def reached(self, *views: str, wanted: int | None) -> int:
        """Return the position that all of these views are at, once it is the wanted one or a later one.

        Raises `LaggingError` after 5 seconds.
        """
        if wanted is not None and await self.of(*views) < wanted:
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    for view in views:
                        await wait_until(self._pool, view, wanted, LONGEST_WAIT)
            except TimeoutError:  # of all together, or of one (NotYetError is one as well)
                raise LaggingError(", ".join(views), await self.of(*views), wanted) from None
        return await self.of(*views)
