"""Facts into counters: one statement reads a range of the fact log once and updates all four tables."""

import asyncpg

from domain.activity.vocabulary import Vocabulary
from domain.activity.withdrawing import WITHDRAWN
from domain.identity.attributes import WordKind
from projections.engine.page import Page

# +1 for a purchase, -1 for a refund. A change of these is a new version of the view.
_KINDS = Vocabulary.load().kinds
SIGNS = {kind.name: kind.purchase for kind in _KINDS if kind.purchase}
# What is told about a customer, and not done by her.
RECORDS = frozenset(kind.name for kind in _KINDS if not kind.behaviour)
# The facts that add to attributes; their properties are the increments.
INCREMENTED = "profile.incremented"

# What is withdrawn counts against what it takes back: at the same instant, so that every sum over time is exact.
# Keys are sorted, so that two transactions updating the same customers wait for each other instead of deadlocking.
COUNT = f"""
    WITH f AS MATERIALIZED (
        SELECT fact_id, customer_id, occurred_at, amount, currency,
               CASE WHEN name = '{WITHDRAWN}' THEN body ->> 'name' ELSE name END AS name,
               CASE WHEN name = '{WITHDRAWN}' THEN -1 ELSE 1 END AS times,
               CASE WHEN name = '{INCREMENTED}' THEN body END AS added
        FROM fact_log
        WHERE recorded_at BETWEEN $1 AND $2 AND fact_id BETWEEN $3 AND $4
    ), bought AS MATERIALIZED (
        SELECT f.customer_id, f.occurred_at, f.fact_id, f.times * s.sign AS orders,
               f.amount * f.times * s.sign AS amount, f.currency
        FROM f JOIN unnest($5::text[], $6::smallint[]) AS s (name, sign) USING (name)
    ), incremented AS (
        INSERT INTO word (customer_id, key, kind, position, value, occurred_at)
        SELECT f.customer_id, one.key, {WordKind.INCREMENT:d}, f.fact_id, one.value, f.occurred_at
        FROM f CROSS JOIN LATERAL json_each(f.added) AS one
        WHERE f.added IS NOT NULL AND json_typeof(one.value) = 'number'
    ), listed AS (
        INSERT INTO purchase (customer_id, occurred_at, fact_id, orders, amount, currency)
        SELECT customer_id, occurred_at, fact_id, orders, amount, currency FROM bought
    ), paid AS (
        INSERT INTO money AS m (customer_id, currency, orders, amount)
        SELECT customer_id, currency, sum(orders), sum(amount) FROM bought
        WHERE currency IS NOT NULL AND amount IS NOT NULL GROUP BY customer_id, currency ORDER BY customer_id, currency
        ON CONFLICT (customer_id, currency) DO UPDATE
        SET orders = m.orders + excluded.orders, amount = m.amount + excluded.amount
    )
    INSERT INTO activity AS a (customer_id, name, events, first_at, last_at)
    SELECT customer_id, name, sum(times), min(occurred_at), max(occurred_at) FROM f
    GROUP BY customer_id, name ORDER BY customer_id, name
    ON CONFLICT (customer_id, name) DO UPDATE
    SET events = a.events + excluded.events, first_at = least(a.first_at, excluded.first_at),
        last_at = greatest(a.last_at, excluded.last_at)
"""


async def count(connection: asyncpg.Connection, page: Page) -> None:
    """Count the page's facts."""
    for facts in page.fact_ranges:
        await connection.execute(COUNT, *facts.bounds, list(SIGNS), list(SIGNS.values()))
