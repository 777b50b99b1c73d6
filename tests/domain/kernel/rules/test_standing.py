"""Standing: what is called steady stays, what counts days counts them, and of nothing else anything is promised."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.rules import tree
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.judging import Plan, value_of
from domain.kernel.rules.standing import Crossing, Passage, crossings, is_steady, per_day, pieces
from domain.kernel.rules.tree import AsOf, Attribute, Compare, Constant, Context, HasBeen, Last, Measure, Sequence, Step
from domain.kernel.rules.world import World
from tests.domain.kernel.rules.strategies import NOON, TOLD, histories, instants, rules, values

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = (SHANGHAI, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"))
DAY = timedelta(days=1)
NIGHT = Passage(NOON, NOON + DAY, SHANGHAI)
ORDERS = Measure(events=("order.completed",), within=Last(amount=30))
SINCE = Measure(events=("order.completed",), take="days_since_last")
OFTEN = Compare(left=ORDERS, op="gte", right=2)


def of_rule(rule: tree.Rule) -> tree.Value:
    """A rule as a value."""
    return tree.Case(cases=(tree.When(rule=rule, then=Constant(value=True)),))


def is_crossed(history: History, passed: list[Crossing]) -> bool:
    """Say whether she did anything where an edge passed."""
    return any(
        (not one.events or happened.name in one.events)
        and (one.since is None or one.since <= happened.occurred_at)
        and happened.occurred_at < one.before
        for one in passed
        for happened in getattr(history, one.of)
    )


def has_word_in(history: History, passage: Passage) -> bool:
    """Say whether a word begins to count in the passage."""
    families = (getattr(history, name) for name in ("attributes", "tags", "consents", "identifiers", "predictions"))
    every = [words for family in (*families, history.segments) for words in family.values()]
    return any(passage.earlier < word.since <= passage.later for words in every for word in words)


@given(
    st.one_of(rules(depth=2).map(of_rule), values()),
    st.lists(histories(), min_size=3, max_size=6),
    instants(),
    st.one_of(st.sampled_from((DAY, DAY, timedelta(microseconds=1), 31 * DAY)), st.timedeltas(timedelta(0), 60 * DAY)),
    st.sampled_from(ZONES),
)
@settings(max_examples=50)
def test_what_is_steady_stays(
    value: tree.Value, people: list[History], then: datetime, gap: timedelta, zone: ZoneInfo
) -> None:
    """Of everybody who did nothing in the crossings, of whom no word comes to count, and nothing has been so enough."""
    passage, world = Passage(then, then + gap, zone), World(zone=zone, told=frozenset({TOLD}))
    passed = list(crossings(value, passage))
    plan = Plan({}, {"": value})
    for history in people:
        person = plan.person(history, world)
        before, after = (person.at(at) for at in passage[:2])
        if is_crossed(history, passed) or has_word_in(history, passage):
            continue
        if is_steady(value, passage):
            turn = plan.values[""].change(before)
            if turn is None or turn > passage.later or not _looks_back(value):
                assert plan.value_of("", before) == plan.value_of("", after)
        elif per_day(value):
            one, other = plan.value_of("", before), plan.value_of("", after)
            counted = None if one is None else one + passage.days * per_day(value)  # type: ignore[operator] # days
            assert other == counted or (isinstance(counted, int) and counted < 0)  # her birthday is over


def _looks_back(value: tree.Value) -> bool:
    """Say whether a rule in it may come to have been so for long enough, or an age be reached: the judge tells when."""
    return any(isinstance(one, HasBeen) or (isinstance(one, Attribute) and one.name == "age") for one in _every(value))


def _every(node: object) -> list[object]:
    found = [node]
    for name in getattr(node, "__struct_fields__", ()):
        part = getattr(node, name)
        for one in part if isinstance(part, tuple) else (part,):
            found += _every(one)
    return found


def test_a_window_has_two_edges() -> None:
    """What leaves it, and what comes in; only the events that it is about matter."""
    leaving, coming = crossings(ORDERS, NIGHT)
    assert leaving.events == coming.events == ("order.completed",)
    assert (leaving.since, leaving.before) == (
        NOON - 30 * DAY + timedelta(microseconds=1),
        NOON - 29 * DAY + timedelta(microseconds=1),
    )
    assert (coming.since, coming.before) == (
        NOON + timedelta(microseconds=1),
        NOON + DAY + timedelta(microseconds=1),
    )


def test_a_month_that_is_over_passes_no_edge_within_the_next() -> None:
    """The calendar's last month stays the same until a month begins."""
    last = Measure(within=tree.Calendar(unit="month", ago=1))
    assert not list(crossings(last, Passage(NOON + DAY, NOON + 2 * DAY, SHANGHAI)))
    since, _before = crossings(last, Passage(NOON - DAY, NOON, SHANGHAI))
    assert since.before == datetime(2026, 1, 31, 16, tzinfo=UTC)


def test_the_end_of_a_wait_is_an_edge() -> None:
    """A last step counts once its limit is over without anything having followed."""
    left = Sequence(
        steps=(Step(events=("cart.item_added",)),), unless=Step(events=("order.completed",), limit_seconds=3600)
    )
    waited = [one for one in crossings(left, NIGHT) if one.since and one.since < NOON - timedelta(minutes=30)]
    assert any(
        one.since <= NOON - timedelta(hours=1) and one.before > NOON + 23 * DAY / 24 for one in waited if one.since
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ORDERS, True),
        (SINCE, False),
        (Attribute(name="city"), True),
        (Attribute(name="age"), True),  # the judge tells when it is reached
        (Attribute(name="member_days"), False),
        (Context(name="hour"), False),
        (of_rule(HasBeen(rule=OFTEN, amount=3)), True),
        (of_rule(HasBeen(rule=Compare(left=SINCE, op="gt", right=3), amount=3)), False),
        (of_rule(AsOf(rule=OFTEN, amount=3)), True),
        (of_rule(AsOf(rule=Compare(left=SINCE, op="gt", right=3), amount=3)), False),
        (of_rule(AsOf(rule=tree.Consented(channel="sms"), amount=3)), False),  # a word of then is followed by nobody
        (of_rule(AsOf(rule=OFTEN, at=NOON)), True),
        (of_rule(AsOf(rule=OFTEN, at=NOON + DAY / 2)), False),
        (of_rule(AsOf(rule=OFTEN, at=NOON + 2 * DAY)), True),
        (tree.Tag(key="unresolved"), False),
    ],
)
def test_what_is_not_understood_is_not_steady(value: tree.Value, expected: bool) -> None:  # noqa: FBT001 - expected
    """Each kind of node once."""
    assert is_steady(value, NIGHT) is expected


def test_what_follows_the_clock_is_made_of_pieces() -> None:
    """Each as large as it can be; where something is neither steady nor counts days nor is around her: none."""
    both = tree.All(
        of=(OFTEN, Compare(left=SINCE, op="gt", right=3), Compare(left=Context(name="weather"), right="rain"))
    )
    assert pieces(of_rule(both), NIGHT) == [OFTEN, SINCE, Context(name="weather")]
    assert pieces(SINCE, NIGHT) == [SINCE]
    assert pieces(of_rule(HasBeen(rule=Compare(left=SINCE, op="gt", right=3), amount=3)), NIGHT) is None


def test_days_are_counted_on_the_clock_of_the_zone() -> None:
    """One microsecond after midnight it is a day more."""
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    passage = Passage(midnight - timedelta(microseconds=1), midnight, SHANGHAI)
    assert passage.days == 1
    bought = History(profile_id="p", events=(Occurrence(NOON, 1, "order.completed", {}),))
    world = World(zone=SHANGHAI)
    assert [value_of(SINCE, bought, at, world) for at in passage[:2]] == [0, 1]
    born = History(profile_id="p", attributes={"birthday": [Word(NOON - DAY, "1990-03-05")]})
    to_birthday = Attribute(name="days_to_birthday")
    assert [value_of(to_birthday, born, at, world) for at in passage[:2]] == [4, 3]
    assert per_day(to_birthday) == -1
