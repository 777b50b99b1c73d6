"""Judging: the fast judge says what the plain one says, however histories come about."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.judging import Plan, holds, value_of
from domain.kernel.rules.tree import Attribute, Level, Rule, Value
from domain.kernel.rules.world import World
from tests.domain.kernel.rules.reference import Plainly
from tests.domain.kernel.rules.strategies import TOLD, histories, instants, rules, values

ZONES = tuple(map(ZoneInfo, ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe")))


def a_world(zone: ZoneInfo = ZONES[0]) -> World:
    """A world in which coming into a segment is no behaviour."""
    return World(zone=zone, told=frozenset({TOLD}))


def is_alike(one: Any, other: Any) -> bool:
    """Say whether two values are the same, numbers up to rounding."""
    if isinstance(one, float) or isinstance(other, float):
        return bool(one == pytest.approx(other, rel=1e-9, abs=1e-9))
    return bool(one == other) and (one is None) == (other is None)


@given(st.lists(rules(depth=2), min_size=1, max_size=3), histories(), instants(), st.sampled_from(ZONES))
@settings(max_examples=150)
def test_rules_are_judged_as_they_are_written(
    some: list[Rule], history: History, now: datetime, zone: ZoneInfo
) -> None:
    """Several together as each alone."""
    plan = Plan({str(number): rule for number, rule in enumerate(some)})
    moment = plan.person(history, a_world(zone)).at(now)
    for number, rule in enumerate(some):
        if "HasBeen" in repr(rule):  # the plain one knows no intervals; `test_changing.py` looks at these
            continue
        assert plan.holds(str(number), moment) == Plainly(history, now, zone).holds(rule)
        assert holds(rule, history, now, a_world(zone)) == plan.holds(str(number), moment)


@given(st.lists(values(), min_size=1, max_size=3), histories(), instants(), st.sampled_from(ZONES))
@settings(max_examples=150)
def test_values_are_what_they_say(some: list[Value], history: History, now: datetime, zone: ZoneInfo) -> None:
    """Several together as each alone."""
    plan = Plan({}, {str(number): value for number, value in enumerate(some)})
    moment = plan.person(history, a_world(zone)).at(now)
    for number, value in enumerate(some):
        found = plan.value_of(str(number), moment)
        assert is_alike(found, Plainly(history, now, zone).value(value))
        assert found == value_of(value, history, now, a_world(zone))


@given(st.data(), rules(depth=1), values(), histories(), instants())
@settings(max_examples=60)
def test_what_comes_late_or_in_any_order_counts_at_its_time(
    data: st.DataObject, rule: Rule, value: Value, history: History, now: datetime
) -> None:
    """Judged in between, so that what was worked out is corrected."""
    plan = Plan({"": rule}, {"": value})
    whole = plan.person(history, a_world())
    bit_by_bit = plan.person(History(profile_id=history.profile_id, **_words(history)), a_world())
    happened: list[tuple[Occurrence, Level]] = [(one, "events") for one in history.events]
    happened += [(one, "items") for one in history.items]
    for occurrence, of in data.draw(st.permutations(happened)):
        bit_by_bit.add(occurrence, of)
        plan.holds("", bit_by_bit.at(now))
        plan.value_of("", bit_by_bit.at(now))
    assert plan.holds("", bit_by_bit.at(now)) == plan.holds("", whole.at(now))
    assert plan.value_of("", bit_by_bit.at(now)) == plan.value_of("", whole.at(now))


def _words(history: History) -> dict[str, Any]:
    names = ("attributes", "tags", "consents", "identifiers", "predictions", "segments")
    return {name: getattr(history, name) for name in names}


@pytest.mark.parametrize("told", ["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00+08:00", "soon"])
def test_a_day_that_no_calendar_has_is_missing(told: str) -> None:
    """Whatever a source tells as the day of joining: a fault with it would hold up all rules about the person."""
    now = datetime(2026, 11, 26, tzinfo=UTC)
    history = History(profile_id="x", attributes={"joined_at": [Word(now, told)]})
    assert value_of(Attribute(name="member_days"), history, now, a_world()) is None
