"""Orders that a tracker and another system both tell, under the number that both know.

A source of kind `tracker`, named as the write key's source, declares it; an app's "Order Completed" and the till's
receipt are then one order, whichever comes first:

    kind = "tracker"
    name = "app"
    [orders]
    property = "order_id"
    prefix   = "erp"          # what the other source puts before its numbers, as in its `order_ref`
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from commands.runtime.folder import Folder
from commands.runtime.sources import Source, SourceError, read_source, settings_of
from domain.activity.activity import Activity
from domain.activity.vocabulary import Vocabulary

KIND: Final = "tracker"
_log = logging.getLogger("koi.sources")
_MOVES_MONEY: Final = frozenset(kind.name for kind in Vocabulary.load().kinds if kind.purchase)
_LONGEST: Final = 128


class Orders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which property of which events is the order's number, and whose number it is.

    Without `events` those that are purchases or refunds.
    """

    property: str = "order_id"
    prefix: str
    events: frozenset[str] = _MOVES_MONEY


class Tracker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source of kind `tracker` declares."""

    orders: Orders


def tracker_of(source: Source) -> Tracker:
    """Return what the source declares; raises `SourceError` naming the key at fault."""
    tracker = settings_of(source, Tracker)
    if not tracker.orders.prefix or ":" in tracker.orders.prefix:
        place = f"{source.file.name}: orders.prefix"
        raise SourceError("a short name without a colon, such as erp or tmall", field=place)
    return tracker


class OrderNumbers:
    """Gives activities of declared trackers the number that other systems know the order by."""

    def __init__(self, folder: Path) -> None:
        self._declared = Folder(folder, self._read)

    async def numbered(self, activities: Sequence[Activity]) -> Sequence[Activity]:
        """Return the activities, those about an order of a declared tracker with its `order_ref`."""
        declared = await self._declared.content()
        if not any(one.source in declared for one in activities):
            return activities
        return [_numbered(one, declared[one.source].orders) if one.source in declared else one for one in activities]

    def _read(self, files: list[Path]) -> Mapping[str, Tracker]:
        found: dict[str, Tracker] = {}
        for file in files:
            try:
                source = read_source(file)
                if source.kind == KIND:
                    found.setdefault(source.name, tracker_of(source))
            except SourceError as error:
                _log.warning("the source in %s is not used: %s (%s)", file.name, error.detail, error.field)
        return found


def _numbered(activity: Activity, orders: Orders) -> Activity:
    number = activity.properties.get(orders.property)
    if activity.order_ref is not None or activity.name not in orders.events or isinstance(number, bool):
        return activity
    text = str(number).strip() if isinstance(number, str | int) else ""
    if not 0 < len(text) <= _LONGEST:
        return activity
    return msgspec.structs.replace(activity, order_ref=f"{orders.prefix}:{text}")
