"""Walking through a window's pages so that nothing is missed while orders change.

An order that changes leaves the window, and all that are listed behind it move up by one: whoever turns pages forwards
misses one at the border of each page. Backwards, from the last page to the first, what moves up is seen twice instead.
(The documentation of taobao.trades.sold.increment.get advises the same.)
"""

import hashlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Final

from domain.ingestion.marketplaces.fields import id_of
from domain.ingestion.marketplaces.platform import Limits
from domain.kernel.errors import DomainError
from workers.marketplaces.marketplace import BusyError, Page, Window

_WALKS: Final = 4
_SHORTEST: Final = timedelta(seconds=2)

Turn = Callable[[Window, int], Awaitable[Page]]


async def walk(window: Window, turn: Turn, limits: Limits, ids: tuple[str, ...]) -> AsyncIterator[tuple[bytes, ...]]:
    """Yield every record of the window at least once, page by page.

    What came before in the very same bytes is left out. A window with more pages than the platform lists is cut in two.
    Raises `BusyError` if the pages keep moving.
    """
    first = await turn(window, 1)
    # Some platforms give fewer a page than they are asked for, and do not say so.
    is_short = 0 < len(first.records) < min(first.total, limits.page_size)
    size = len(first.records) if is_short else limits.page_size
    pages = math.ceil(first.total / size)
    if pages > limits.most_pages and window.end - window.start > _SHORTEST:
        middle = (window.start + (window.end - window.start) / 2).replace(microsecond=0)
        for half in (Window(window.start, middle), Window(middle, window.end)):
            async for records in walk(half, turn, limits, ids):
                yield records
        return
    seen = _Seen(ids)
    if pages <= 1:
        yield seen.new(first)
        if seen.count >= first.total:
            return
    for _ in range(_WALKS):
        total = 0
        for number in range(max(pages, 1), 0, -1):
            page = await turn(window, number)
            total = page.total
            yield seen.new(page)
        # Those that left the window were seen before, or come with the next one.
        if seen.count >= total:
            return
        pages = math.ceil(total / size)
    raise BusyError("the pages move faster than they can be turned: ask for shorter windows")


class _Seen:
    """What this walk has come across."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        self._ids = ids
        self._records: set[bytes] = set()
        self._numbers: set[str] = set()

    @property
    def count(self) -> int:
        """How many different ones."""
        return len(self._numbers)

    def new(self, page: Page) -> tuple[bytes, ...]:
        """Return those of the page's records that were not seen in these very bytes."""
        fresh = []
        for record in page.records:
            digest = hashlib.blake2b(record, digest_size=16).digest()
            if digest not in self._records:
                fresh.append(record)
            self._records.add(digest)
            self._numbers.add(self._number(record, digest))
        return tuple(fresh)

    def _number(self, record: bytes, digest: bytes) -> str:
        try:
            return id_of(record, self._ids)
        except DomainError:
            return digest.hex()
