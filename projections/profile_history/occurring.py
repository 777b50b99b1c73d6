"""Facts as the occurrences that rules look at: events, and the items in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.fields import declared
from domain.activity.occurrences import Day, Fact, Knowing, occurring
from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.history import Occurrence
from projections.engine.projection import Reading
from projections.profile_history.facts import FactRow
from projections.profile_history.shelf import Shelf

Happened = dict[UUID, list[Occurrence]]
_body = msgspec.json.Decoder(dict[str, Any]).decode


class Reader:
    """Reads facts as occurrences, with what is known beside them: the zone, the calendar, the catalogue of products."""

    def __init__(self, zone: ZoneInfo, day: Callable[[date], Day | None] = lambda _: None) -> None:
        """Take whose days they are, and what the calendar says of a day."""
        self._shelf = Shelf()
        self._knowing = Knowing(zone=zone, fields=declared(), vocabulary=Vocabulary.load(), day=day)

    async def read(self, reading: Reading, rows: Mapping[UUID, Iterable[FactRow]]) -> tuple[Happened, Happened]:
        """Return the events and the items of each customer."""
        # Fields are worked out when a rule asks for them: by then the products are known.
        products: dict[str, Mapping[str, Any]] = {}
        knowing = self._knowing._replace(product=lambda item_id: products.get(item_id, {}))
        events: Happened = {}
        items: Happened = {}
        for customer_id, of_one in rows.items():
            seen = [occurring(_fact(row), knowing) for row in of_one]
            events[customer_id] = [one.event for one in seen]
            items[customer_id] = [item for one in seen for item in one.items]
        products |= await self._shelf.fetch(reading, _named(item for of_one in items.values() for item in of_one))
        return events, items


def _fact(row: FactRow) -> Fact:
    return Fact(
        fact_id=row.fact_id,
        occurred_at=row.occurred_at,
        name=row.name,
        source=row.source,
        amount=row.amount,
        currency=row.currency,
        body=_body(row.body),
    )


def _named(items: Iterable[Occurrence]) -> Iterator[str]:
    for item in items:
        if (product_id := item.fields.get("product_id")) is not None:
            yield str(product_id)
