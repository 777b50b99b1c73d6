"""Changing: nothing turns before its time, and histories of a rule are exact."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.rules import tree
from domain.kernel.rules.changing import Held, next_change, timeline
from domain.kernel.rules.clocks import TICK
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.judging import Plan, holds
from domain.kernel.rules.tree import Compare, Last, Measure, Rule
from domain.kernel.rules.windows import before
from domain.kernel.rules.world import World
from tests.domain.kernel.rules.strategies import NOON, TOLD, histories, instants, rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = (SHANGHAI, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"))
DAY = timedelta(days=1)
BOUGHT = Measure(events=("order.completed",), within=Last(amount=7))


def a_world(zone: ZoneInfo = SHANGHAI) -> World:
    """A world in which it is hot at noon, and coming into a segment is no behaviour."""

    def circumstances(_region: str | None, at: datetime) -> dict[str, object]:
        local = at.astimezone(zone)
        return {"hour": local.hour, "weekday": local.isoweekday()}

    return World(zone=zone, told=frozenset({TOLD}), circumstances=circumstances)


def bought(*days_before: float) -> History:
    """A person who bought so many days before noon."""
    events = [Occurrence(NOON - days * DAY, 1, "order.completed", {}) for days in sorted(days_before, reverse=True)]
    return History(profile_id="p", events=events)


@given(rules(depth=2), histories(), instants(), st.sampled_from(ZONES), st.data())
@settings(max_examples=150)
def test_a_rule_stays_as_it_is_until_its_next_change(
    rule: Rule, history: History, now: datetime, zone: ZoneInfo, data: st.DataObject
) -> None:
    """Looked at where things happen, at midnights, at the ends of whole days, and anywhere."""
    world = a_world(zone)
    following = next_change(rule, history, now, world)
    end = following or now + timedelta(days=800)
    assert end > now
    plan = Plan({"": rule})
    person = plan.person(history, world)
    is_true = plan.holds("", person.at(now))
    steps = (timedelta(), *(step * unit for step in (1, 2, 7, 30) for unit in (DAY, DAY / 24)))
    happened = [one.occurred_at + step for one in (*history.events, *history.items) for step in steps]
    midnights = [
        now.replace(hour=hour, minute=0, second=0, microsecond=0) + n * DAY for n in range(9) for hour in (5, 13, 16)
    ]
    anywhere = [now + (end - now) * data.draw(st.floats(0, 1)) for _ in range(5)]
    for at in (*happened, *midnights, *anywhere, end - TICK):
        for probe in (at - TICK, at):
            if now < probe < end:
                assert plan.holds("", person.at(probe)) == is_true


@given(rules(depth=1), histories(), instants(), st.integers(1, 60))
@settings(max_examples=60)
def test_the_timeline_of_a_rule_is_when_it_held(rule: Rule, history: History, since: datetime, days: int) -> None:
    """Intervals are apart from each other, true inside, false a microsecond outside."""
    world, until = a_world(), since + days * DAY
    found = timeline(rule, history, since, until, world)
    for one in found:
        assert since <= one.since < one.until <= until
        for inside in (one.since, one.until - TICK, one.since + (one.until - one.since) / 2):
            assert holds(rule, history, inside, world)
        assert one.since == since or not holds(rule, history, one.since - TICK, world)
        assert one.until == until or not holds(rule, history, one.until, world)
    for one, other in itertools.pairwise(found):
        assert one.until < other.since
        assert not holds(rule, history, one.until + (other.since - one.until) / 2, world)


@given(
    rules(depth=1, past=False), histories(), instants(), st.integers(1, 10), st.sampled_from(("hour", "day", "month"))
)
@settings(max_examples=100)
def test_what_has_been_so_is_so_without_a_break(
    rule: Rule, history: History, now: datetime, amount: int, unit: tree.Unit
) -> None:
    """As the timeline of the rule says."""
    world = a_world()
    begin = before(now, amount, unit, SHANGHAI)
    assert begin is not None
    unbroken = timeline(rule, history, begin, now + TICK, world) == (Held(begin, now + TICK),)
    assert holds(tree.HasBeen(rule=rule, amount=amount, unit=unit), history, now, world) == unbroken


def test_a_count_turns_when_enough_are_gone() -> None:
    """One timer, not one an order; and none where fewer do not matter."""
    history = bought(6, 5, 4, 1)
    two = Compare(left=BOUGHT, op="gte", right=2)
    assert next_change(two, history, NOON, a_world()) == NOON + 3 * DAY
    none = Compare(left=BOUGHT, op="eq", right=0)
    assert next_change(none, history, NOON, a_world()) == NOON + 6 * DAY
    assert next_change(Compare(left=BOUGHT, op="lt", right=9), history, NOON, a_world()) is None


def test_days_turn_at_the_midnight_that_matters() -> None:
    """A customer who has not come for 30 days: one timer, at the start of the thirtieth day in the zone."""
    lost = Compare(left=Measure(take="days_since_last"), op="gte", right=30)
    expected = datetime(2026, 3, 30, 16, tzinfo=UTC)  # 1 March plus 30 days, in Shanghai
    assert next_change(lost, bought(0), NOON, a_world()) == expected
    assert timeline(lost, bought(0), NOON, NOON + 90 * DAY, a_world()) == (Held(expected, NOON + 90 * DAY),)
    assert next_change(lost, bought(40), NOON, a_world()) is None


def test_birthdays_come_every_year() -> None:
    """Seven days before until the day itself; and one turns 18 at midnight."""
    history = History(profile_id="p", attributes={"birthday": [Word(NOON - DAY, "2008-03-10")]})
    soon = Compare(left=tree.Attribute(name="days_to_birthday"), op="lte", right=7)
    begin = datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert next_change(soon, history, NOON, a_world()) == begin
    assert timeline(soon, history, NOON, NOON + 60 * DAY, a_world()) == (Held(begin, begin + 8 * DAY),)
    grown = Compare(left=tree.Attribute(name="age"), op="gte", right=18)
    assert next_change(grown, history, NOON, a_world()) == datetime(2026, 3, 9, 16, tzinfo=UTC)


def test_an_abandoned_cart_is_one_when_the_half_hour_is_over() -> None:
    """The deadline is told ahead; an order at its last instant still saves it."""
    rule = tree.Sequence(
        steps=(tree.Step(events=("cart.item_added",)),),
        unless=tree.Step(events=("order.completed",), limit_seconds=1_800),
    )
    carted = Occurrence(NOON, 1, "cart.item_added", {})
    history = History(profile_id="p", events=[carted])
    end = NOON + timedelta(minutes=30)
    assert not holds(rule, history, end - TICK, a_world())
    assert next_change(rule, history, NOON, a_world()) == end
    assert holds(rule, history, end, a_world())
    saved = History(profile_id="p", events=[carted, Occurrence(end, 2, "order.completed", {})])
    assert not holds(rule, saved, end + DAY, a_world())


def test_the_hour_turns_on_the_hour() -> None:
    """Not later than at midnight, since circumstances of other days may be told until then."""
    evening = Compare(left=tree.Context(name="hour"), op="gte", right=20)
    assert next_change(evening, bought(), NOON, a_world()) == NOON + timedelta(hours=8)
    sunday = Compare(left=tree.Context(name="weekday"), op="eq", right=3)
    assert next_change(sunday, bought(), NOON, a_world()) == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_what_has_been_so_for_three_days_begins_three_days_after() -> None:
    """Counted on the clock from the instant at which it began."""
    rule = tree.HasBeen(rule=Compare(left=BOUGHT, op="gte", right=1), amount=3)
    history = bought(0)
    assert next_change(rule, history, NOON + TICK, a_world()) == NOON + 3 * DAY
    assert timeline(rule, history, NOON, NOON + 30 * DAY, a_world()) == (Held(NOON + 3 * DAY, NOON + 7 * DAY),)


def test_what_was_so_a_week_ago_follows_a_week_later() -> None:
    """Entering and leaving, both."""
    rule = tree.AsOf(rule=Compare(left=BOUGHT, op="gte", right=1), amount=1, unit="week")
    assert timeline(rule, bought(0), NOON, NOON + 30 * DAY, a_world()) == (Held(NOON + 7 * DAY, NOON + 14 * DAY),)
    assert next_change(rule, bought(0), NOON, a_world()) == NOON + 7 * DAY
