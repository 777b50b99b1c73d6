"""The real history of Complete Journey as the lake would hold it, by plain SQL over its files."""

from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from domain.kernel.rules.world import World
from domain.products.category_groups import declared
from projections.batch.directory import MEMBERS, TableDirectory
from projections.batch.lakehouse import Lakehouse
from projections.batch.staging.stage import Staged
from workers.connectors import complete_journey

ZONE = ZoneInfo("UTC")
_EVENTS = """
    WITH told AS (
        SELECT household_id, min(transaction_timestamp) AS "when", 'order.completed' AS name,
               CAST(sum(round(sales_value * 100)) AS BIGINT) AS amount, NULL AS campaign, basket_id AS fact
        FROM '{folder}/transactions.parquet' GROUP BY household_id, basket_id
        UNION ALL
        SELECT household_id, start_date, 'campaign.received', NULL, CAST(campaign_id AS VARCHAR), NULL
        FROM '{folder}/campaigns.parquet' JOIN '{folder}/campaign_descriptions.parquet' USING (campaign_id)
        UNION ALL
        SELECT household_id, redemption_date, 'coupon.redeemed', NULL, CAST(campaign_id AS VARCHAR), NULL
        FROM '{folder}/coupon_redemptions.parquet'
    )
    SELECT CAST(CAST(md5(CAST(household_id AS VARCHAR)) AS UUID) AS VARCHAR) AS customer_id,
           row_number() OVER (ORDER BY "when", name, household_id, campaign, fact) AS fact_id,
           epoch_us("when") AS "at", CAST(CAST("when" AS DATE) - DATE '1970-01-01' AS INTEGER) AS day, name,
           amount AS f_amount, amount AS f_net_amount, campaign AS f_campaign_id, fact
    FROM told
"""
_ITEMS = """
    SELECT e.customer_id, e.fact_id, e."at", e.day, e.name, product_category AS f_category,
           g.category_group AS f_category_group, CAST(round(sales_value * 100) AS BIGINT) AS f_amount,
           CAST(round(retail_disc * 100) AS BIGINT) AS f_discount,
           CAST(round(coupon_disc * 100) AS BIGINT) AS f_coupon_discount
    FROM '{folder}/transactions.parquet' t JOIN events e ON e.fact = t.basket_id
    LEFT JOIN '{folder}/products.parquet' p USING (product_id)
    LEFT JOIN groups g USING (product_category, product_type, department)
"""
_KINDS = """
    SELECT DISTINCT product_category, product_type, department FROM '{folder}/products.parquet'
"""


@cache
def real_lakehouse() -> Lakehouse:
    """A year of 2,469 households: receipts with their lines, campaigns received, coupons redeemed."""
    folder = complete_journey.folder()
    events, items = _read(folder)
    ids = pa.array(sorted({str(one) for one in events["customer_id"].to_pylist()}), pa.string())
    return Lakehouse(
        files={"events": {}, "items": {}},
        tail=Staged(events=events, items=items, withdrawn=pa.table({"fact_id": pa.array([], pa.int64())})),
        directory=TableDirectory(pa.table([ids, ids], schema=MEMBERS)),
        world=World(zone=ZONE, told=frozenset({"campaign.received"})),
    )


def _read(folder: Path) -> tuple[pa.Table, pa.Table]:
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        kinds: Any = connection.sql(_KINDS.format(folder=folder)).to_arrow_table()
        groups = [
            declared().of(one["product_category"], one["product_type"], None, one["department"])
            for one in kinds.to_pylist()
        ]
        connection.register("groups", kinds.append_column("category_group", pa.array(groups, pa.string())))
        events: Any = connection.sql(_EVENTS.format(folder=folder)).to_arrow_table()
        connection.register("events", events)
        items: Any = connection.sql(_ITEMS.format(folder=folder)).to_arrow_table()
    return events.drop_columns(["fact"]), items
