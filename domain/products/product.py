"""The product: an item of a shop's catalogue as trackers describe it; the last word on each attribute wins."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.kernel import Aggregate, Event
from domain.kernel.event import EPOCH
from domain.kernel.ids import derived


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says of an item: attributes, or (with `is_withdrawn`) that the catalogue has it no more."""

    item_type: str
    item_id: str
    occurred_at: datetime
    attributes: dict[str, Any] = {}
    is_withdrawn: bool = False

    @property
    def product_id(self) -> UUID:
        """The product's stream: the same type and id are one product, whoever tells."""
        return derived("product", self.item_type, self.item_id)


class Product(Aggregate):
    """One item of the catalogue."""

    TOPIC = "product"

    class Described(Event, frozen=True, kw_only=True):
        """These attributes hold from `meta.occurred_at` on."""

        TOPIC = "product.described.v1"
        item_type: str
        item_id: str
        attributes: dict[str, Any]

    class Withdrawn(Event, frozen=True, kw_only=True):
        """The catalogue has it no more; what was said until `meta.occurred_at` is forgotten."""

        TOPIC = "product.withdrawn.v1"
        item_type: str
        item_id: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin unknown."""
        super().__init__(stream_id)
        self.attributes: dict[str, tuple[Any, datetime]] = {}
        self.described_at = EPOCH
        self.withdrawn_at = EPOCH

    def tell(self, told: Told) -> None:
        """Take a word; one that is older than what is known, or repeats it, changes nothing."""
        at = told.occurred_at
        if at <= self.withdrawn_at:
            return
        item = {"item_type": told.item_type, "item_id": told.item_id}
        if told.is_withdrawn:
            self.record(self.Withdrawn, occurred_at=at, **item)
            return
        news = {key: value for key, value in told.attributes.items() if self._is_news(key, value, at)}
        if news or (not told.attributes and at > self.described_at):
            self.record(self.Described, occurred_at=at, attributes=news, **item)

    def evolve(self, event: Event) -> None:
        """Assign what the event says."""
        at = event.meta.occurred_at
        match event:
            case Product.Described():
                self.described_at = max(at, self.described_at)
                self.attributes |= {key: (value, at) for key, value in event.attributes.items()}
            case Product.Withdrawn():
                self.withdrawn_at = max(at, self.withdrawn_at)
                self.attributes = {key: said for key, said in self.attributes.items() if said[1] > at}

    def _is_news(self, key: str, value: Any, at: datetime) -> bool:
        known = self.attributes.get(key)
        return known is None or (at, _order(value)) > (known[1], _order(known[0]))


def _order(value: Any) -> bytes:
    # Of two words of one instant the greater one wins, whichever came first.
    return msgspec.json.encode(value, order="deterministic")
