"""How often somebody buys who bought once: as often as the median of the customers who are like them.

Alike are customers in the same bands of recency (days since the last order) and of money (spent within a year before
the last order of all). The interval of a customer with several orders is the time between the first and the last,
divided by the orders less one. The medians are exact: the middle one of the intervals (the lower of two). Everything is
counted up to the latest order there is, not up to now, so history gives the same figures whenever it is asked.
"""

import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from commands.identity.infer_from_purchases import NO_LONGER, SIGNS
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.identity.customer import Customer
from domain.identity.inference import Inference
from domain.inference.rules import Frequency, InferenceRules
from domain.kernel.errors import StaleVersionError
from workers.connectors.progress import Watch

_ACTOR: Final = "inference"
_AT_ONCE: Final = 500
_ATTEMPTS: Final = 10
_SECONDS_A_DAY: Final = 86_400
_BUYERS: Final = """
    WITH latest AS (SELECT max(occurred_at) AS at FROM fact_log WHERE name = ANY($1))
    SELECT customer_id, count(*) AS orders, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
           coalesce(sum(amount) FILTER (WHERE occurred_at > latest.at - interval '365 days'), 0)::bigint AS spent,
           latest.at AS as_of
    FROM fact_log, latest WHERE name = ANY($1) GROUP BY customer_id, latest.at
"""


class Segment(msgspec.Struct, frozen=True, order=True):
    """The bands of recency and of money a customer is in, counted from 0."""

    recency: int
    money: int

    @property
    def name(self) -> str:
        """As evidence names it."""
        return f"r{self.recency}m{self.money}"


class Median(msgspec.Struct, frozen=True):
    """The median interval of a segment in days, and of how many customers it is one."""

    days: float
    customers: int


class _Buyer(msgspec.Struct, frozen=True):
    customer_id: UUID
    segment: Segment
    days: float | None  # between purchases; None of one purchase


def medians(buyers: Sequence[tuple[Segment, float]], at_least: int) -> dict[Segment, Median]:
    """Return the median interval of each segment that has enough customers to tell."""
    intervals: dict[Segment, list[float]] = defaultdict(list)
    for segment, days in buyers:
        intervals[segment].append(days)
    return {
        segment: Median(sorted(days)[(len(days) - 1) // 2], len(days))
        for segment, days in intervals.items()
        if len(days) >= at_least
    }


async def infer_frequencies(store: EventStore, rules: InferenceRules, watch: Watch) -> int:
    """Infer the interval of those who bought once, take it back of those who bought again; return how many changed."""
    rule = rules.frequency
    rows = await store.pool.fetch(_BUYERS, [name for name, sign in SIGNS.items() if sign > 0]) if rule else []
    if rule is None or not rows:
        return 0
    buyers = [_buyer(row, rule) for row in rows]
    found = medians([(one.segment, one.days) for one in buyers if one.days is not None], rule.at_least)
    as_of: datetime = rows[0]["as_of"]
    watch.begin("frequencies", len(buyers))
    changed = 0
    for first in range(0, len(buyers), _AT_ONCE):
        some = {one.customer_id: one for one in buyers[first : first + _AT_ONCE]}
        changed += await _note(store, some, rule, found, as_of)
        watch.advance(len(some))
    return changed


def _buyer(row: asyncpg.Record, rule: Frequency) -> _Buyer:
    quiet_days = (row["as_of"] - row["last_at"]).total_seconds() / _SECONDS_A_DAY
    segment = Segment(bisect.bisect_left(rule.recency_days, quiet_days), bisect.bisect_left(rule.money, row["spent"]))
    between = (row["last_at"] - row["first_at"]).total_seconds() / _SECONDS_A_DAY
    orders = row["orders"]
    return _Buyer(row["customer_id"], segment, round(between / (orders - 1), 1) if orders > 1 else None)


async def _note(
    store: EventStore, buyers: Mapping[UUID, _Buyer], rule: Frequency, found: Mapping[Segment, Median], as_of: datetime
) -> int:
    for _ in range(_ATTEMPTS):
        customers = await store.streams.load_many(Customer, buyers)
        changed = [one for one in customers.values() if _tell(one, buyers[one.id], rule, found, as_of)]
        try:
            if changed:
                await store.streams.save(*changed, by=Context(actor=_ACTOR))
        except StaleVersionError:
            continue
        return len(changed)
    msg = "the customers changed under every attempt to infer something of them"
    raise StaleVersionError(msg)


def _tell(customer: Customer, buyer: _Buyer, rule: Frequency, found: Mapping[Segment, Median], as_of: datetime) -> bool:
    before = customer.version
    median = found.get(buyer.segment) if buyer.days is None and customer.exists else None
    if median is None:
        customer.withdraw_inferences([rule.rule], NO_LONGER)
    else:
        # Without the day and the number of customers, which change with every order while the median does not.
        evidence = f"population:{buyer.segment.name}"
        customer.infer(
            [
                Inference(
                    attribute=rule.attribute,
                    value=median.days,
                    rule=rule.rule,
                    confidence=rule.confidence,
                    evidence=(evidence,),
                    occurred_at=as_of,
                )
            ]
        )
    return customer.version > before
