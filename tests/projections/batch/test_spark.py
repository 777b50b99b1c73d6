"""Every kind of value and rule comes to the same on DuckDB and on a real local Spark."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from domain.kernel.rules import tree
from domain.kernel.rules.history import History
from domain.kernel.rules.tree import Calendar, Compare, Field, Last, Measure, Rule, Value, Window
from domain.kernel.rules.world import World
from projections.batch import spark
from projections.batch.lakehouse import Lakehouse
from projections.batch.loading import DuckEngine
from projections.batch.running import Engines, parts_of
from tests.domain.kernel.rules.strategies import NOON, TOLD, histories
from tests.projections.batch.synthetic import lakehouse_of
from tests.projections.batch.test_agreement import is_alike, people_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(spark.missing() is not None, reason=spark.missing() or ""),
]
WORLD = World(zone=ZoneInfo("Asia/Shanghai"), told=frozenset({TOLD}))
ORDER, VIEW = ("order.completed",), ("product.viewed",)
FRESH = Compare(left=Field(name="category"), op="eq", right="fresh")
RICH = Compare(left=Field(name="amount"), op="gte", right=500)
WINDOWS: dict[str, Window | None] = {
    "ever": None,
    "week": Last(amount=7),
    "hours": Last(amount=36, unit="hour"),
    "before": Last(amount=60, ending=30),
    "month": Calendar(unit="month"),
    "last_month": Calendar(unit="month", ago=1),
    "between": tree.Between(since=NOON - timedelta(days=20), until=NOON - timedelta(days=1)),
}
TAKES: tuple[tree.Take, ...] = ("sum", "mean", "min", "max", "stddev")


def every_value() -> dict[str, Value]:
    """A value of every kind: takes by level, windows, cases, scores, ratios."""
    found: dict[str, Value] = {f"count_{name}": Measure(within=window) for name, window in WINDOWS.items()}
    found |= {
        f"{take}_events": Measure(events=ORDER, take=take, field="amount", within=Last(amount=30)) for take in TAKES
    }
    found |= {f"{take}_items": Measure(of="items", take=take, field="quantity", where=FRESH) for take in TAKES}
    for take in ("distinct", "first", "last"):
        found[f"{take}_channel"] = Measure(take=take, field="channel", where=RICH)
        found[f"{take}_amount"] = Measure(take=take, field="amount")
        found[f"{take}_weekend"] = Measure(take=take, field="is_weekend")
    for rank in (1, 2, 3):
        found[f"top_{rank}"] = Measure(of="items", take="top", field="category", rank=rank)
        found[f"top_{rank}_week"] = Measure(take="top", field="channel", rank=rank, within=Last(amount=7))
    found |= {f"days_{name}": Measure(take="active_days", within=window) for name, window in WINDOWS.items()}
    since_first, since_last = Measure(take="days_since_first"), Measure(events=VIEW, take="days_since_last")
    ratio = tree.Arithmetic(op="divide", left=Measure(events=ORDER), right=Measure(events=VIEW))
    less = tree.Arithmetic(op="subtract", left=since_first, right=since_last)
    often = Compare(left=Measure(events=ORDER), op="gte", right=2)
    case = tree.Case(
        cases=(tree.When(rule=often, then=tree.Constant(value="often")),),
        otherwise=tree.Constant(value="seldom"),
    )
    parts = (tree.Part(name="a", weight=20, rule=often), tree.Part(name="b", weight=0.5, value=since_last))
    score = tree.Weighted(parts=parts)
    found |= {"since_first": since_first, "since_last": since_last, "ratio": ratio, "less": less}
    return found | {"case": case, "score": score, "known_days": tree.Attribute(name="known_days")}


def every_rule() -> dict[str, Rule]:
    """A rule of every kind."""
    often = Compare(left=Measure(events=ORDER), op="gte", right=2)
    steps = (tree.Step(events=VIEW), tree.Step(events=("cart.item_added",), limit_seconds=86_400.0))
    unless = tree.Step(events=ORDER, limit_seconds=1_800.0)
    over_levels = (tree.Step(events=VIEW, of="items", where=FRESH), tree.Step(events=ORDER))
    return {
        "all": tree.All(of=(often, tree.Not(of=Compare(left=Measure(events=VIEW), op="eq", right=0)))),
        "any": tree.AnyOf(of=(often, tree.Sampled(salt="s", until=0.5))),
        "sequence": tree.Sequence(steps=steps, within=Last(amount=30)),
        "unless": tree.Sequence(steps=steps[:1], unless=unless),
        "levels": tree.Sequence(steps=over_levels),
        "as_of": tree.AsOf(rule=often, amount=7),
        "has_been": tree.HasBeen(rule=often, amount=3),
        "in": Compare(left=Measure(take="last", field="channel"), op="in", right=("fresh", "baby")),
        "missing": Compare(left=Measure(take="mean", field="rating"), op="missing"),
        "contains": Compare(left=Measure(take="top", field="channel"), op="contains", right="re"),
        "consented": tree.Consented(channel="sms"),
        "tagged": tree.Tagged(key="level", value="gold"),
        "attribute": Compare(left=tree.Attribute(name="city"), op="eq", right="杭州"),
    }


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    """A real Spark in this machine."""
    session = spark.session()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.mark.filterwarnings("ignore")
def test_spark_says_what_duckdb_says(opened: Any) -> None:
    """On people made up at random."""
    drawn: list[History] = []

    @seed(7)
    @settings(max_examples=6, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(histories(), min_size=30, max_size=40))
    def draw(some: list[History]) -> None:
        drawn.extend(some)

    draw()
    lakehouse = lakehouse_of(people_of(drawn), WORLD)
    here, there = (asyncio.run(asked(lakehouse, one)) for one in (DuckEngine, spark.spark_engines(opened)))
    assert here.keys() == there.keys()
    telling = {name for row in here.values() for name, value in row.items() if value not in (None, False, 0)}
    assert not {*every_value(), *every_rule()} - telling, "of each something must be there to compare"
    wrong = [
        (name, row[name], there[key][name])
        for key, row in here.items()
        for name in row
        if not is_alike(row[name], there[key][name])
    ]
    assert not wrong


async def asked(lakehouse: Lakehouse, engines: Engines) -> dict[str, dict[str, Any]]:
    """Everything, by person."""
    parts = parts_of(lakehouse, NOON, values=every_value(), rules=every_rule(), only=["a"], engines=engines)
    return {row["profile_id"]: row async for part in parts for row in part.table.to_pylist()}
