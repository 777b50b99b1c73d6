"""What customers did, from the fact log: rows without what was withdrawn, and the increments among them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from domain.activity.withdrawing import WITHDRAWN
from projections.engine.projection import Reading
from projections.profile_history.attributes import Increment

INCREMENTED: Final = "profile.incremented"
# One index scan a customer in every month of recording.
_FACTS: Final = """
    SELECT customer_id, fact_id, occurred_at, name, source, amount, currency, body::text AS body
    FROM fact_log WHERE customer_id = ANY($1) AND ($2::text[] IS NULL OR name = ANY($2))
"""


class FactRow(NamedTuple):
    """A row of the fact log; `amount` in minor units, `body` as JSON text."""

    customer_id: UUID
    fact_id: int
    occurred_at: datetime
    name: str
    source: str
    amount: int | None
    currency: str | None
    body: str


class _Withdrawal(msgspec.Struct):
    fact_id: int


_withdrawal = msgspec.json.Decoder(_Withdrawal).decode
_counters = msgspec.json.Decoder(dict[str, Any]).decode


async def facts_of(
    reading: Reading, customers: Collection[UUID], *, names: Collection[str] | None = None
) -> list[FactRow]:
    """Return what the customers did, of these names if any are given.

    Facts that were withdrawn are left out, whenever that was told, and so are the withdrawals.
    """
    wanted = sorted({*names, WITHDRAWN}) if names is not None else None
    rows = [FactRow(*row) for row in await reading.fetch(_FACTS, list(customers), wanted)]
    withdrawn = {_withdrawal(row.body).fact_id for row in rows if row.name == WITHDRAWN}
    return [row for row in rows if row.name != WITHDRAWN and row.fact_id not in withdrawn]


def increments(rows: Iterable[FactRow]) -> list[Increment]:
    """Return what the facts add to counters of the profile."""
    return [
        Increment(key, value, row.occurred_at, row.fact_id)
        for row in rows
        if row.name == INCREMENTED
        for key, value in _counters(row.body).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
