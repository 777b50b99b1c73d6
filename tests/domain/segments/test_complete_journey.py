"""Segments of real households at past instants, beside plain SQL over the publisher's files."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.known import Known
from domain.kernel.rules.reading import read_rule
from domain.kernel.rules.world import World
from tests.domain.real_households import ZONE

pytestmark = pytest.mark.slow

# At this instant a month begins in the zone.
MONTH_BEGINS = datetime(2017, 12, 1, 5, tzinfo=UTC)
INSTANTS = (datetime(2017, 6, 1, tzinfo=UTC), datetime(2017, 9, 1, 3, 59, 59, tzinfo=UTC), MONTH_BEGINS)
_ORDER = {"type": "measure", "events": ["order.completed"]}


def ordered(days: int, **more: Any) -> dict[str, Any]:
    """A measure over the orders of the last so many days."""
    return {**_ORDER, "within": {"type": "last", "amount": days}, **more}


def at_least(value: dict[str, Any], number: int) -> dict[str, Any]:
    """The rule that a value is so great."""
    return {"type": "compare", "left": value, "op": "gte", "right": number}


def none_of(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule that another does not hold."""
    return {"type": "not", "of": rule}


def every(*rules: dict[str, Any]) -> dict[str, Any]:
    """The rule that all of them hold."""
    return {"type": "all", "of": list(rules)}


def bought(group: str, days: int) -> dict[str, Any]:
    """The rule that something of a group of categories was bought."""
    where = {"type": "compare", "left": {"type": "field", "name": "category_group"}, "right": group}
    return at_least(ordered(days, of="items", where=where), 1)


# As a marketer writes it, and in plain SQL: `inside(n)` are the orders of the last n days, `LOCAL` is the zone's clock.
SEGMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "regular": (at_least(ordered(30), 3), "SELECT household_id FROM inside(30) GROUP BY 1 HAVING count(*) >= 3"),
    "lapsing": (
        every(at_least(ordered(365), 1), none_of(at_least(ordered(14), 1))),
        "SELECT household_id FROM inside(365) EXCEPT SELECT household_id FROM inside(14)",
    ),
    "spender_this_month": (
        at_least({**_ORDER, "take": "sum", "field": "amount", "within": {"type": "calendar", "unit": "month"}}, 30_000),
        """
        SELECT household_id FROM seen WHERE date_trunc('month', local) = date_trunc('month', local_now)
        GROUP BY 1 HAVING sum(amount) >= 30000
        """,
    ),
    "milk_without_eggs": (
        every(bought("milk", 90), none_of(bought("eggs", 90))),
        """
        SELECT household_id FROM inside(90) JOIN lines USING (household_id, basket_id) WHERE grouping = 'milk'
        EXCEPT SELECT household_id FROM inside(90) JOIN lines USING (household_id, basket_id) WHERE grouping = 'eggs'
        """,
    ),
    "twice_in_a_day": (
        {
            "type": "sequence",
            "steps": [{"events": ["order.completed"]}, {"events": ["order.completed"], "limit_seconds": 86_400}],
            "within": {"type": "last", "amount": 30},
        },
        """
        SELECT DISTINCT a.household_id FROM inside(30) AS a JOIN inside(30) AS b USING (household_id)
        WHERE b.at > a.at AND b.at <= a.at + INTERVAL 86400 SECOND
        """,
    ),
    # Never seven days without an order, at any instant of the last three weeks.
    "steady_for_three_weeks": (
        {"type": "has_been", "rule": at_least(ordered(7), 1), "amount": 21},
        """
        WITH gaps AS (
            SELECT household_id, local, local_now,
                   coalesce(lead(local) OVER (PARTITION BY household_id ORDER BY local),
                            local_now + INTERVAL 1 MICROSECOND) AS next
            FROM seen
        )
        SELECT household_id FROM gaps GROUP BY 1
        HAVING min(local) <= any_value(local_now) - INTERVAL 21 DAY
           AND NOT bool_or(next > local + INTERVAL 7 DAY AND next > local_now - INTERVAL 21 DAY)
        """,
    ),
}
_SEEN = """
    CREATE OR REPLACE TEMP TABLE seen AS
    SELECT household_id, basket_id, amount, transaction_timestamp AS at,
           timezone('America/New_York', timezone('UTC', transaction_timestamp)) AS local,
           timezone('America/New_York', timezone('UTC', CAST($now AS TIMESTAMP))) AS local_now
    FROM baskets WHERE transaction_timestamp <= CAST($now AS TIMESTAMP)
"""
_INSIDE = """
    CREATE OR REPLACE TEMP MACRO inside(days) AS TABLE
    SELECT * FROM seen WHERE local + to_days(CAST(days AS INTEGER)) > local_now
"""


@pytest.mark.parametrize("now", INSTANTS, ids=str)
def test_members_are_whom_plain_sql_names(
    files: duckdb.DuckDBPyConnection, households: dict[int, History], now: datetime
) -> None:
    """Of segments defined today, as of an instant long past; each has some of the households and not all of them."""
    rules = {key: read_rule(rule, Known()).taken() for key, (rule, _) in SEGMENTS.items()}
    plan, world = Plan(rules, {}), World(zone=ZONE)
    moments = {household: plan.person(history, world).at(now) for household, history in households.items()}
    files.execute(_SEEN, {"now": now.replace(tzinfo=None)})
    files.execute(_INSIDE)
    for key, (_, statement) in SEGMENTS.items():
        told = {household for (household,) in files.sql(statement).fetchall()}
        members = {household for household, moment in moments.items() if plan.holds(key, moment)}
        assert members == told, key
        assert len(members) < len(households), key
        assert members or (key, now) == ("spender_this_month", MONTH_BEGINS), key
