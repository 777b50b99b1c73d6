"""A made-up shop for `tags`: as many events as wanted, of a tenth as many customers, staged as the lake's files are."""

from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from domain.kernel.rules.world import World
from projections.batch.directory import MEMBERS
from projections.batch.lakehouse import Lakehouse
from projections.lake.parquet import BUCKETS

# The last instant of the data: 2026-11-01 00:00 in Shanghai, in microseconds since 1970, and that day.
NOW_MICROS: Final = 1_793_462_400_000_000
TODAY: Final = 20_758
NAMES: Final = ("page.viewed", "product.viewed", "cart.item_added", "order.completed", "coupon.redeemed", "app.opened")
CATEGORIES: Final = tuple(f"category {number:02d}" for number in range(20))
CHANNELS: Final = ("app", "store", "web", "mini-program")
_EVENTS_EACH: Final = 10
_YEAR_MICROS: Final = 366 * 86_400_000_000

# Customers are skewed: a fifth have done nothing, a few do much. Four days of ten lie in the last three months.
_MADE: Final = """
    CREATE TABLE made AS
    SELECT md5(who::VARCHAR) AS customer_id, name, category, channel, product_id, amount, "at",
           CAST(("at" + 28800000000) // 86400000000 AS INTEGER) AS day
    FROM (
        SELECT CAST(floor(pow(u(i, 1), 1.6) * {customers}) AS BIGINT) AS who,
               [{names}][1 + CAST(floor(pow(u(i, 2), 1.5) * {name_count}) AS INTEGER)] AS name,
               [{categories}][1 + CAST(floor(pow(u(i, 3), 2) * {category_count}) AS INTEGER)] AS category,
               [{channels}][1 + CAST(floor(u(i, 4) * {channel_count}) AS INTEGER)] AS channel,
               'P' || CAST(floor(pow(u(i, 5), 2) * 2000) AS INTEGER) AS product_id,
               CAST(100 + floor(pow(u(i, 6), 3) * 50000) AS BIGINT) AS amount,
               {now} - CAST(floor(pow(u(i, 7), 1.7) * 730 * 86400) * 1000000 AS BIGINT) - 1
               - CASE WHEN u(who, 8) < {asleep} THEN {year} ELSE 0 END AS "at"
        FROM range({events}) AS t (i)
    )
"""
_UNIFORM: Final = "CREATE MACRO u(i, salt) AS (hash(i * 16 + salt) % 1048576) / 1048576.0"
_ROWS: Final = """
    SELECT customer_id, "at", day, name, category AS f_category, channel AS f_channel, product_id AS f_product_id,
           CASE WHEN name = 'order.completed' THEN amount END AS f_amount,
           (day + 3) % 7 >= 5 AS f_is_weekend
    FROM made WHERE customer_id[1] = '{digit}' ORDER BY customer_id, "at"
"""


def make(folder: Path, events: int, *, asleep: float = 0.0) -> int:
    """Write the files; returns the number of customers. The same number makes the same rows.

    A share of the customers is asleep: all that they did is a year further back.
    """
    customers = max(1, events // _EVENTS_EACH)
    with duckdb.connect() as connection:
        connection.execute(_UNIFORM)
        lists = {"names": NAMES, "categories": CATEGORIES, "channels": CHANNELS}
        written = {name: ", ".join(f"'{one}'" for one in values) for name, values in lists.items()}
        counts = {"name_count": len(NAMES), "category_count": len(CATEGORIES), "channel_count": len(CHANNELS)}
        spans = {"now": NOW_MICROS, "year": _YEAR_MICROS, "asleep": asleep}
        connection.execute(_MADE.format(customers=customers, events=events, **spans, **written, **counts))
        for bucket in range(BUCKETS):
            rows = _ROWS.format(digit=f"{bucket:x}")
            connection.execute(f"COPY ({rows}) TO '{events_file(folder, bucket)}' (FORMAT parquet, COMPRESSION zstd)")
            people = f"SELECT md5(i::VARCHAR) AS customer_id FROM range({customers}) AS t (i) ORDER BY 1"
            mine = f"SELECT customer_id FROM ({people}) WHERE customer_id[1] = '{bucket:x}'"
            connection.execute(f"COPY ({mine}) TO '{_people_file(folder, bucket)}' (FORMAT parquet, COMPRESSION zstd)")
    return customers


def events_file(folder: Path, bucket: int) -> str:
    """Return the file of a bucket's events."""
    return str(folder / f"events-{bucket:02d}.parquet")


def _people_file(folder: Path, bucket: int) -> str:
    return str(folder / f"people-{bucket:02d}.parquet")


class FolderDirectory:
    """The customers of the made-up shop: each is a profile of her own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def members(self, prefix: str) -> pa.Table:
        """Return the customers of a bucket."""
        ids = pq.read_table(_people_file(self._folder, int(prefix, BUCKETS)))["customer_id"]
        return pa.table([ids, ids], schema=MEMBERS)

    def strays(self, digits: int) -> pa.Table:  # noqa: ARG002 - there are none
        """Return nobody."""
        return MEMBERS.empty_table()


def lakehouse_in(folder: Path, world: World) -> Lakehouse:
    """Return the lakehouse over the files of a folder."""
    return Lakehouse(
        files={"events": {bucket: (events_file(folder, bucket),) for bucket in range(BUCKETS)}, "items": {}},
        directory=FolderDirectory(folder),
        world=world,
    )
