"""Infer from purchases: look at all that customers bought, note what follows, take back what no longer does."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.activity.vocabulary import Vocabulary
from domain.identity.customer import Customer
from domain.inference.purchases import Bought, concluded, products_of
from domain.inference.rules import InferenceRules
from domain.kernel.errors import StaleVersionError

# +1 for a purchase, -1 for a refund.
SIGNS: Final = {kind.name: kind.purchase for kind in Vocabulary.load().kinds if kind.purchase}
NO_LONGER: Final = "no_longer_holds"
_ATTEMPTS: Final = 10
# A customer who buys more often than this is judged by the latest.
_MOST_FACTS: Final = 1_000
_FACTS: Final = """
    SELECT f.* FROM unnest($1::uuid[]) AS c (customer_id) CROSS JOIN LATERAL (
        SELECT customer_id, fact_id, occurred_at, name, amount, body::text AS body FROM fact_log
        WHERE customer_id = c.customer_id AND name = ANY($2) ORDER BY occurred_at DESC, fact_id DESC LIMIT $3
    ) AS f
"""


async def infer_from_purchases(
    customer_ids: Collection[UUID], *, rules: InferenceRules, by: Context, store: EventStore
) -> int:
    """Note what the purchases of these customers say, and return how many customers changed."""
    for _ in range(_ATTEMPTS):
        # The streams first: whoever saves in between has seen no more than we shall.
        customers = await store.streams.load_many(Customer, customer_ids)
        bought = await _bought(store.pool, customer_ids)
        changed = [one for one in customers.values() if _judge(one, bought[one.id], rules)]
        try:
            if changed:
                await store.streams.save(*changed, by=by)
        except StaleVersionError:
            continue
        return len(changed)
    msg = "the customers changed under every attempt to infer something of them"
    raise StaleVersionError(msg)


def _judge(customer: Customer, bought: list[Bought], rules: InferenceRules) -> bool:
    """Tell the customer what holds; True if that is news."""
    before = customer.version
    if customer.exists:
        found = concluded(bought, rules)
        customer.infer(found.holding)
        customer.withdraw_inferences(found.others, NO_LONGER)
    return customer.version > before


async def _bought(pool: asyncpg.Pool, customer_ids: Collection[UUID]) -> Mapping[UUID, list[Bought]]:
    found: dict[UUID, list[Bought]] = defaultdict(list)
    for row in await pool.fetch(_FACTS, list(customer_ids), list(SIGNS), _MOST_FACTS):
        found[row["customer_id"]].append(bought_of(row, msgspec.json.decode(row["body"])))
    return found


def bought_of(row: asyncpg.Record, body: Mapping[str, Any]) -> Bought:
    """Return a fact as a purchase or refund."""
    order = body.get("order_id")
    return Bought(
        fact_id=row["fact_id"],
        occurred_at=row["occurred_at"],
        is_refund=SIGNS.get(row["name"]) == -1,
        amount=row["amount"],
        order=str(order) if order not in (None, "") else None,
        products=products_of(body),
    )
