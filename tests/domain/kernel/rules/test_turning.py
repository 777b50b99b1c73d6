"""Turning: what is asked of everybody's occurrences says no later instant than that at which a rule turns."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from domain.kernel.rules.clocks import TICK, day_of, midnight
from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.tree import AsOf, Attribute, Calendar, Compare, HasBeen, Last, Level, Measure, Rule
from domain.kernel.rules.turning import Turns, UnsaidError, turns
from tests.domain.kernel.rules.strategies import TOLD, histories, instants, rules
from tests.domain.kernel.rules.test_changing import BOUGHT, SHANGHAI, ZONES, a_world

_DAY = timedelta(days=1)
_FAR = timedelta(days=800)


@given(rules(depth=2, past=False), histories(), instants(), st.sampled_from(ZONES), st.data())
@settings(max_examples=60)
def test_a_rule_stays_as_it_is_until_then(
    rule: Rule, history: History, now: datetime, zone: ZoneInfo, data: st.DataObject
) -> None:
    """Of rules that it speaks of at all, and people of whom nothing is known that is yet to come."""
    try:
        found = turns([rule], now, zone)
    except UnsaidError:
        reject()
    end = min([*_instants(found, history, now, zone), *_to_come(history, now), now + _FAR])
    plan = Plan({"": rule})
    person = plan.person(history, a_world(zone))
    is_true = plan.holds("", person.at(now))
    happened = [one.occurred_at + n * _DAY for one in (*history.events, *history.items) for n in (0, 1, 7, 14, 30)]
    anywhere = [now + (end - now) * data.draw(st.floats(0, 1)) for _ in range(5)] if end > now else []
    for at in (*happened, *anywhere, end - TICK):
        for probe in (at - TICK, at):
            if now < probe < end:
                assert plan.holds("", person.at(probe)) == is_true


def test_what_only_judging_a_person_tells_is_said_by_name() -> None:
    """Then everybody is judged one by one, and it is told why."""
    birthday = Compare(left=Attribute(name="days_to_birthday"), op="lte", right=7)
    bought = Compare(left=BOUGHT, op="gte", right=1)
    for rule, part in (
        (birthday, "days_to_birthday"),
        (HasBeen(rule=bought, amount=3), "has_been"),
        (AsOf(rule=bought, amount=3), "as_of"),
    ):
        with pytest.raises(UnsaidError) as caught:
            turns([rule], datetime(2026, 3, 1, tzinfo=SHANGHAI), SHANGHAI)
        assert caught.value.part == part


def test_windows_of_days_are_exact_where_the_clock_is_steady() -> None:
    """Nobody is looked at for nothing but for what else her rule asks."""
    now = datetime(2026, 3, 1, 12, tzinfo=SHANGHAI)
    week = Compare(left=Measure(within=Last(amount=7)), op="gte", right=1)
    (ask,) = turns([week], now, SHANGHAI).asks
    assert (ask.since, ask.gap) == (now - 7 * _DAY + TICK, 7 * _DAY)
    month = Compare(left=Measure(within=Calendar(unit="month")), op="gte", right=1)
    (ask,) = turns([month], now, SHANGHAI).asks
    assert (ask.since, ask.at) == (datetime(2026, 3, 1, tzinfo=SHANGHAI), datetime(2026, 4, 1, tzinfo=SHANGHAI))


def _instants(found: Turns, history: History, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """As the query of all people does it, one by one."""
    if found.everybody is not None:
        yield found.everybody
    levels: dict[Level, list[Occurrence]] = {"events": list(history.events), "items": list(history.items)}
    for ask in found.asks:
        for one in levels[ask.of]:
            is_named = one.name in ask.events if ask.events else one.name != TOLD
            if one.occurred_at <= now and is_named and (ask.since is None or one.occurred_at >= ask.since):
                if ask.gap is not None:
                    yield one.occurred_at + ask.gap
                if ask.days is not None:
                    yield midnight(day_of(one.occurred_at, zone) + timedelta(days=ask.days), zone)
                if ask.at is not None:
                    yield ask.at


def _to_come(history: History, now: datetime) -> Iterator[datetime]:
    said = (
        history.attributes,
        history.consents,
        history.tags,
        history.identifiers,
        history.segments,
        history.predictions,
    )
    words = [word.since for of_kind in said for words in of_kind.values() for word in words]
    happened = [one.occurred_at for one in (*history.events, *history.items)]
    yield from (at for at in (*words, *happened) if at > now)
