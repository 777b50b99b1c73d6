"""What the catalogue says of the products that are asked for, kept in memory until the catalogue is spoken of again."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from projections.engine.projection import Reading
from projections.products import queries as products

_ROOM: Final = 200_000
_UNKNOWN: Final[Mapping[str, Any]] = {}


class Shelf:
    """The products lately asked for; those nobody knows are kept as unknown."""

    def __init__(self, room: int = _ROOM) -> None:
        """Keep at most so many."""
        self._items: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._room = room
        self._spoken_at = -1

    async def fetch(self, reading: Reading, item_ids: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return what the catalogue says of these products; of those that nobody knows, nothing."""
        spoken_at = await products.spoken_at(reading)
        if spoken_at != self._spoken_at:
            self._items.clear()
            self._spoken_at = spoken_at
        wanted = set(item_ids)
        found = {one: self._items[one] for one in wanted & self._items.keys()}
        if missing := wanted - found.keys():
            told = await products.items(reading, missing)
            fetched = {one: told.get(one, _UNKNOWN) for one in missing}
            found |= fetched
            self._keep(fetched, spoken_at)
        return found

    def _keep(self, items: Mapping[str, Mapping[str, Any]], spoken_at: int) -> None:
        if spoken_at == self._spoken_at:  # else the catalogue was spoken of meanwhile
            self._items |= items
            for _ in range(len(self._items) - self._room):
                self._items.popitem(last=False)
