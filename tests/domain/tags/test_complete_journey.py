"""Tags of real households beside plain SQL over the publisher's files: the two share nothing but the question."""

from typing import Any

import duckdb
import pytest

from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.world import World
from domain.tags.shipped import shipped
from tests.domain.real_households import AT, NOW, ZONE

pytestmark = pytest.mark.slow

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
def computed(households: dict[int, History]) -> dict[int, dict[str, Any]]:
    """The tags of each household by Koi, judged as live judges."""
    definitions = Definitions(tags={key: tag.value for key, tag in shipped().tags.items()})
    plan = Plan({}, {key: resolve(shipped().tags[key].value, definitions) for key in SPOTS})
    world = World(zone=ZONE)
    found: dict[int, dict[str, Any]] = {}
    for household, history in households.items():
        moment = plan.person(history, world).at(NOW)
        found[household] = {key: plan.value_of(key, moment) for key in SPOTS}
    return found


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
