"""Facts as the occurrences that rules look at: events, and the items in them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.tree import Scalar
from projections.profile_history.facts import FactRow

Happened = dict[UUID, list[Occurrence]]
_body = msgspec.json.Decoder(dict[str, Any]).decode


def occurring(rows: Mapping[UUID, Iterable[FactRow]]) -> tuple[Happened, Happened]:
    """Return the events and the items of each customer."""
    events: Happened = {}
    items: Happened = {}
    for customer_id, facts in rows.items():
        for row in facts:
            body = _body(row.body)
            fields = _plain(body) | ({} if row.amount is None else {"amount": row.amount})
            events.setdefault(customer_id, []).append(_occurrence(row, fields))
            lines = body.get("products") or ([body] if "product_id" in body else [])
            for line in lines if isinstance(lines, list) else ():
                if isinstance(line, dict):
                    items.setdefault(customer_id, []).append(_occurrence(row, _plain(line)))
    return events, items


def _occurrence(row: FactRow, fields: Mapping[str, Scalar]) -> Occurrence:
    return Occurrence(row.occurred_at, row.fact_id, row.name, fields)


def _plain(body: Mapping[str, Any]) -> dict[str, Scalar]:
    return {key: value for key, value in body.items() if isinstance(value, str | int | float | bool)}
