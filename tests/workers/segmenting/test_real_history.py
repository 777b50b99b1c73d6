"""Live and batch agree: half a year of real households goes through the log, and both say the same of every instant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from domain.activity.activity import Activity
from domain.kernel.rules.tree import (
    All,
    Arithmetic,
    Calendar,
    Compare,
    Constant,
    HasBeen,
    Last,
    Measure,
    Not,
    Rule,
    Sequence,
    Step,
)
from projections.batch.lakehouse import opened
from projections.batch.place import Place
from projections.batch.running import members_of
from projections.lake.projector import lake_at
from tests.projections.following import current
from tests.workers.segmenting.watched_shop import WatchedShop, bought, customer_of, defined
from workers.connectors.complete_journey import folder
from workers.segmenting.knowing import knowing

_HOUSEHOLDS = 40
_BEGIN = datetime(2017, 1, 1, tzinfo=UTC)
_END = datetime(2017, 7, 1, tzinfo=UTC)
_STEP = timedelta(days=5)
_COLUMNS = ["household_id", "basket_id", "store_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
_ORDER = ("order.completed",)


def _rules() -> dict[str, Rule]:
    month = Last(amount=28)
    spent = Measure(events=_ORDER, take="sum", field="amount", within=month)
    baskets = Measure(events=_ORDER, within=month)
    stores = Measure(events=_ORDER, take="distinct", field="properties.store_id", within=Last(amount=2, unit="month"))
    lines = Measure(events=_ORDER, of="items", take="max", field="quantity", within=Last(amount=1, unit="week"))
    this_month = Measure(events=_ORDER, take="active_days", within=Calendar(unit="month"))
    again = Sequence(steps=(Step(events=_ORDER), Step(events=_ORDER, limit_seconds=86_400)), within=Last(amount=10))
    since = Measure(events=_ORDER, take="days_since_last")
    mean = Compare(left=Arithmetic(op="divide", left=spent, right=baskets), op="gte", right=Constant(value=4_000))
    return {
        "week": bought(days=7),
        "regular": bought(days=28, at_least=6),
        "spender": Compare(left=spent, op="gte", right=30_000),
        "basket": mean,
        "stores": Compare(left=stores, op="gte", right=2),
        "bulk": Compare(left=lines, op="gte", right=4),
        "busy": Compare(left=this_month, op="gte", right=3),
        "again": again,
        "lapsing": Compare(left=since, op="between", right=(10, 25)),
        "lost": All(of=(Not(of=bought(days=30)), bought(days=90))),
        "steady": HasBeen(rule=bought(days=14), amount=21),
    }


def _receipts(shop: WatchedShop) -> list[Activity]:
    table = pq.read_table(folder() / "transactions.parquet", columns=_COLUMNS)
    first = pc.sort_indices(households := pc.unique(table["household_id"]))[:_HOUSEHOLDS]
    table = table.filter(pc.is_in(table["household_id"], value_set=households.take(first)))
    baskets: dict[str, list[dict[str, Any]]] = {}
    for line in table.to_pylist():
        baskets.setdefault(str(line["basket_id"]), []).append(line)
    found = (_receipt(shop, basket, lines) for basket, lines in baskets.items())
    return sorted((one for one in found if _BEGIN <= one.occurred_at < _END), key=lambda one: one.occurred_at)


def _receipt(shop: WatchedShop, basket: str, lines: list[dict[str, Any]]) -> Activity:
    first = lines[0]
    at = datetime.fromtimestamp(int(first["transaction_timestamp"].timestamp()), UTC)
    products = [
        {
            "product_id": str(line["product_id"]),
            "quantity": int(line["quantity"]),
            "amount": round(line["sales_value"] * 100),
        }
        for line in lines
    ]
    return shop.did(
        f"H{first['household_id']}",
        "order.completed",
        at,
        message_id=f"{basket}:order.completed",
        amount=sum(line["amount"] for line in products),
        currency="CNY",
        properties={"order_id": basket, "store_id": str(first["store_id"]), "products": products},
    )


def _parts(receipts: list[Activity]) -> Iterator[tuple[datetime, list[Activity]]]:
    """The receipts until each step's end, taken a moment before it."""
    waiting, until = list(receipts), _BEGIN
    while until < _END:
        until += _STEP
        yield until, [one for one in waiting if one.occurred_at <= until]
        waiting = [one for one in waiting if one.occurred_at > until]


@pytest.mark.slow
async def test_real_history_says_the_same_live_and_in_batch(shop: WatchedShop, tmp_path: Path) -> None:
    """Eleven rules, forty households, an instant a month."""
    rules = _rules()
    shop.now = _BEGIN
    await shop.define(*(defined(key, rule) for key, rule in rules.items()))
    live: dict[datetime, dict[str, set[str]]] = {}
    known: dict[datetime, set[str]] = {}
    seen: set[str] = set()
    for number, (until, receipts) in enumerate(_parts(_receipts(shop))):
        if receipts:
            await shop.happens(*receipts, settle=False)
            seen |= {str(customer_of(one.identifiers[0].value)) for one in receipts}
        await shop.move_to(until)
        if number % 6 == 5:
            live[until] = {key: await shop.people_in(key) for key in rules}
            known[until] = set(seen)
    assert len(await shop.told()) > 500
    lake = (tmp_path / "lake").as_uri()
    position = await shop.store.pool.fetchval("SELECT max(notification_id) FROM decision_log")
    await current(shop.settings.database_url, position, lake_at(lake, shop.settings.database_url))
    connection = await asyncpg.connect(shop.settings.database_url)
    place = Place(lake_url=lake, database_url=shop.settings.database_url)
    lakehouse = await opened(connection, place, knowing(shop.settings))
    await connection.close()
    for until, found in live.items():
        batch: dict[str, set[str]] = {key: set() for key in rules}
        async for table in members_of(lakehouse, rules, until):
            for row in table.to_pylist():
                for key in rules:
                    if row[key] and row["profile_id"] in known[until]:
                        batch[key].add(row["profile_id"])
        assert found == batch, until
