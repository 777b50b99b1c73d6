"""Batch says of everybody what the live judge says of each: random rules and values over random histories."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.kernel.rules import tree
from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan, value_of
from domain.kernel.rules.resolving import TooLargeError
from domain.kernel.rules.tree import Rule, Value
from domain.kernel.rules.world import World
from projections.batch.compiling.compiled import Kind
from projections.batch.running import parts_of
from tests.domain.kernel.rules.strategies import TOLD, histories, instants, rules, values
from tests.projections.batch.synthetic import lakehouse_of

KINDS: tuple[Kind, ...] = ("number", "text", "flag", "texts")
WORLD = World(zone=ZoneInfo("Asia/Shanghai"), told=frozenset({TOLD}))
ZONES = tuple(map(ZoneInfo, ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe")))


def people_of(drawn: Sequence[History]) -> dict[str, History]:
    """Give each history a person of its own, all in one part."""
    people: dict[str, History] = {}
    for number, history in enumerate(drawn):
        key = f"a{number:07x}-0000-4000-8000-000000000000"
        people[key] = msgspec.structs.replace(history, profile_id=key)
    return people


def batch(
    people: Mapping[str, History],
    world: World,
    now: datetime,
    some_rules: Mapping[str, Rule],
    some_values: Mapping[str, Value],
) -> dict[str, dict[str, Any]]:
    """What batch says, by person."""

    async def run() -> dict[str, dict[str, Any]]:
        lakehouse = lakehouse_of(people, world)
        wanted = {f"{name} {kind}": value for name, value in some_values.items() for kind in KINDS}
        kinds: dict[str, Kind] = {f"{name} {kind}": kind for name in some_values for kind in KINDS}
        parts = parts_of(lakehouse, now, rules=some_rules, values=wanted, kinds=kinds, only=["a"])
        return {row["profile_id"]: row async for part in parts for row in part.table.to_pylist()}

    return asyncio.run(run())


def value_in(row: Mapping[str, Any], name: str) -> Any:
    """The value, of whatever kind it is."""
    told = [value for kind in KINDS if (value := row[f"{name} {kind}"]) is not None]
    assert len(told) <= 1
    return told[0] if told else None


def is_alike(one: Any, other: Any) -> bool:
    """Say whether two values are the same, numbers up to rounding."""
    if isinstance(one, tuple):
        one = list(one)
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return type(one) is type(other) and bool(one == other)
    return isinstance(other, int | float) and bool(one == pytest.approx(other, rel=1e-9, abs=1e-9))


@given(
    st.lists(rules(depth=2), min_size=1, max_size=4),
    st.lists(values(), min_size=1, max_size=6),
    st.lists(histories(), min_size=1, max_size=8),
    instants(),
    st.sampled_from(ZONES),
)
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
)
def test_batch_and_live_agree(
    some_rules: list[Rule], some_values: list[Value], drawn: list[History], now: datetime, zone: ZoneInfo
) -> None:
    """Whatever the rules, the people, the instant and the zone."""
    world = World(zone=zone, told=frozenset({TOLD}))
    people = people_of(drawn)
    rules_by = {f"r{number}": rule for number, rule in enumerate(some_rules)}
    values_by = {f"v{number}": value for number, value in enumerate(some_values)}
    plan = Plan(rules_by, values_by)
    found = batch(people, world, now, rules_by, values_by)
    for key, history in people.items():
        moment = plan.person(history, world).at(now)
        for name, rule in rules_by.items():
            assert found[key][name] == plan.holds(name, moment), (rule, history)
        for name, value in values_by.items():
            assert is_alike(plan.value_of(name, moment), value_in(found[key], name)), (value, history, found[key])


PERSON = people_of([History(profile_id="", customers=frozenset({"x"}))])
NOON = datetime(2026, 11, 26, 4, tzinfo=UTC)


def told(value: Value) -> tuple[Any, Any]:
    """What batch says of a person who did nothing, and what the live judge says."""
    ((key, history),) = PERSON.items()
    row = batch(PERSON, WORLD, NOON, {}, {"v": value})[key]
    return value_in(row, "v"), value_of(value, history, NOON, WORLD)


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide"])
def test_long_sums_take_no_longer_than_short_ones(op: Any) -> None:
    """Thirty in each other, on either side: SQL that doubled with each level would take longer than anybody waits."""
    left = right = tree.Arithmetic(op=op, left=tree.Constant(value=7), right=tree.Constant(value=2))
    for _ in range(30):
        left = tree.Arithmetic(op=op, left=left, right=tree.Constant(value=1.5))
        right = tree.Arithmetic(op=op, left=tree.Constant(value=1.5), right=right)
    for value in (left, right):
        in_batch, live = told(value)
        assert in_batch == pytest.approx(live)


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide"])
def test_what_is_not_finite_is_missing_wherever_it_stands(op: Any) -> None:
    """Also where a later step would make something finite of it: one over what is too large is no zero."""
    large = tree.Arithmetic(op="multiply", left=tree.Constant(value=1e308), right=tree.Constant(value=10))
    by_zero = tree.Arithmetic(op="divide", left=tree.Constant(value=1), right=tree.Measure(events=("nothing",)))
    for odd in (large, by_zero):
        for left, right in ((odd, tree.Constant(value=0)), (tree.Constant(value=1), odd), (odd, odd)):
            assert told(tree.Arithmetic(op=op, left=left, right=right)) == (None, None)


def test_what_comes_to_too_much_sql_is_told() -> None:
    """Scores of scores: nobody waits for it, and no other question does."""
    score: Value = tree.Measure(events=("order.completed",))
    for _ in range(16):
        score = tree.Weighted(parts=(tree.Part(name="a", weight=2.0, value=score),))
    with pytest.raises(TooLargeError, match="nest fewer cases and scores"):
        told(score)
