"""Tags of real households, staged from facts as the import writes them, beside plain SQL over the publisher's files."""

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from domain.activity.fields import declared
from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.tree import Arithmetic, Compare, Field, Last, Measure, Value
from domain.kernel.rules.world import World
from projections.batch.directory import MEMBERS, TableDirectory
from projections.batch.lakehouse import Lakehouse
from projections.batch.running import told, values_of
from projections.batch.staging.stage import Stager
from projections.lake.reading import FACTS
from workers.connectors.complete_journey import folder

_UTC: Final = ZoneInfo("UTC")
_HOUSEHOLDS: Final = 300
_NOW: Final = datetime(2017, 12, 1, tzinfo=UTC)
_ORDERS: Final = ("order.completed",)
_IS_BEEF: Final = Compare(left=Field(name="category"), op="eq", right="BEEF")
_SPENT: Final = Measure(events=_ORDERS, take="sum", field="amount", within=Last(amount=90))
_BEEF: Final = Measure(events=_ORDERS, of="items", take="sum", field="amount", within=Last(amount=90), where=_IS_BEEF)
VALUES: Final[dict[str, Value]] = {
    "baskets": Measure(events=_ORDERS, within=Last(amount=30)),
    "spent": _SPENT,
    "beef": _BEEF,
    "beef_share": Arithmetic(op="divide", left=_BEEF, right=_SPENT),
    "products": Measure(events=_ORDERS, of="items", take="distinct", field="product_id"),
    "favourite": Measure(events=_ORDERS, of="items", take="top", field="department", within=Last(amount=365)),
    "stores": Measure(events=_ORDERS, take="distinct", field="store_id", within=Last(amount=365)),
    "discount": Measure(events=_ORDERS, of="items", take="sum", field="discount", within=Last(amount=365)),
    "redeemed": Measure(events=("coupon.redeemed",), within=Last(amount=365)),
}
_PLAIN: Final = """
    WITH line AS (
        SELECT t.*, p.department, p.product_category, CAST(round(sales_value * 100) AS BIGINT) AS amount,
               CAST(round(retail_disc * 100) AS BIGINT) AS off, transaction_timestamp AS moment
        FROM read_parquet('{data}/transactions.parquet') AS t LEFT JOIN read_parquet('{data}/products.parquet') AS p
        USING (product_id) WHERE household_id <= {most} AND transaction_timestamp <= TIMESTAMP '{now}'
    ), ranked AS (
        SELECT household_id, department FROM line
        WHERE department IS NOT NULL AND moment > TIMESTAMP '{now}' - INTERVAL 365 DAY GROUP BY household_id, department
        QUALIFY row_number() OVER (PARTITION BY household_id ORDER BY count(*) DESC, department) = 1
    ), redeemed AS (
        SELECT household_id, count(*) AS redeemed FROM (
            SELECT DISTINCT * FROM read_parquet('{data}/coupon_redemptions.parquet')
            WHERE redemption_date <= TIMESTAMP '{now}' - INTERVAL 5 HOUR
              AND redemption_date > TIMESTAMP '{now}' - INTERVAL 365 DAY
        ) GROUP BY household_id
    )
    SELECT household_id,
           count(DISTINCT CASE WHEN moment > TIMESTAMP '{now}' - INTERVAL 30 DAY THEN basket_id END) AS baskets,
           sum(CASE WHEN moment > TIMESTAMP '{now}' - INTERVAL 90 DAY THEN amount END) AS spent,
           sum(CASE WHEN moment > TIMESTAMP '{now}' - INTERVAL 90 DAY AND product_category = 'BEEF'
                    THEN amount END) AS beef,
           beef / nullif(spent, 0) AS beef_share, count(DISTINCT product_id) AS products,
           any_value(ranked.department) AS favourite,
           count(DISTINCT CASE WHEN moment > TIMESTAMP '{now}' - INTERVAL 365 DAY THEN store_id END) AS stores,
           sum(CASE WHEN moment > TIMESTAMP '{now}' - INTERVAL 365 DAY AND off <> 0 THEN off END) AS discount,
           coalesce(any_value(redeemed.redeemed), 0) AS redeemed
    FROM line LEFT JOIN ranked USING (household_id) LEFT JOIN redeemed USING (household_id) GROUP BY household_id
"""


# Facts in the words of `workers/connectors/mappings/complete_journey/`.
_FACTS: Final = """
    WITH line AS (
        SELECT t.*, json_object(
                   'product_id', product_id::VARCHAR, 'department', department, 'category', product_category,
                   'quantity', quantity::INTEGER, 'amount', CAST(round(sales_value * 100) AS BIGINT),
                   'discount', nullif(CAST(round(retail_disc * 100) AS BIGINT), 0)) AS told
        FROM read_parquet('{data}/transactions.parquet') AS t LEFT JOIN read_parquet('{data}/products.parquet') AS p
        USING (product_id) WHERE household_id <= {most}
    ), fact AS (
        SELECT household_id, transaction_timestamp AS moment, 'order.completed' AS name,
               CAST(sum(round(sales_value * 100)) AS BIGINT) AS amount, 'USD' AS currency,
               json_object('order_id', basket_id::VARCHAR, 'store_id', store_id::VARCHAR,
                           'products', list(told)) AS body
        FROM line GROUP BY household_id, basket_id, store_id, transaction_timestamp
        UNION ALL
        SELECT DISTINCT household_id, redemption_date + INTERVAL 5 HOUR, 'coupon.redeemed', NULL, NULL,
               json_object('campaign_id', campaign_id::VARCHAR, 'offer_id', coupon_upc::VARCHAR)
        FROM read_parquet('{data}/coupon_redemptions.parquet') WHERE household_id <= {most}
    )
    SELECT row_number() OVER () AS fact_id, moment::TIMESTAMPTZ AS recorded_at, moment::TIMESTAMPTZ AS occurred_at,
           CAST(md5(household_id::VARCHAR)::UUID AS VARCHAR) AS customer_id, name, 'complete-journey' AS source,
           amount, currency, body::VARCHAR AS body, NULL::BLOB AS sealed
    FROM fact ORDER BY customer_id, occurred_at
"""


async def test_tags_of_real_households_are_what_plain_sql_says() -> None:
    """Counts, sums, shares, distinct and most frequent values of each of them."""
    data = {"data": folder(), "most": _HOUSEHOLDS, "now": _NOW.strftime("%Y-%m-%d %H:%M:%S")}
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        facts: pa.Table = engine.sql(_FACTS.format(**data)).to_arrow_table().cast(FACTS)
        expected: list[dict[str, Any]] = engine.sql(_PLAIN.format(**data)).to_arrow_table().to_pylist()
        names = "SELECT household_id, CAST(md5(household_id::VARCHAR)::UUID AS VARCHAR) FROM plain"
        engine.register("plain", pa.Table.from_pylist(expected))
        customer_of = dict(engine.sql(names).fetchall())
    people = pa.array(sorted(customer_of.values()))
    lakehouse = Lakehouse(
        files={"events": {}, "items": {}},
        tail=Stager(declared(), Vocabulary.load(), _UTC).staged(facts),
        directory=TableDirectory(pa.table([people, people], schema=MEMBERS)),
        world=World(zone=_UTC, told=told()),
    )
    found: dict[str, dict[str, Any]] = {}
    async for table in values_of(lakehouse, VALUES, _NOW):
        found |= {row["profile_id"]: row for row in table.to_pylist()}
    assert len(expected) > 250
    for row in expected:
        said = {name: found[customer_of[row["household_id"]]][name] for name in VALUES}
        assert said == {name: pytest.approx(row[name]) for name in VALUES}, row["household_id"]
