"""Attributes as they were said, and what follows from them and the day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from domain.kernel.rules.birthdays import Birthday, birthday
from domain.kernel.rules.clocks import day_of, midnight
from domain.kernel.rules.history import Word
from domain.kernel.rules.kinds import Known
from domain.kernel.rules.parts.building import MomentBuilder
from domain.kernel.rules.parts.measures import days_turn, measure, next_midnight
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import Change, Test, ValuePart, soonest
from domain.kernel.rules.parts.passing import critical
from domain.kernel.rules.parts.said import next_word, word_at
from domain.kernel.rules.tree import Attribute, Measure

_BIRTHDAY: Final = "birthday"
_JOINED: Final = "joined_at"


def attribute(node: Attribute, build: MomentBuilder) -> ValuePart[Moment]:
    """Return what is said, or what follows."""
    match node.name:
        case "age":
            return ValuePart(_age, _age_change)
        case "days_to_birthday":
            return ValuePart(_days_to_birthday, _birthday_change, _birthday_turn)
        case "member_days":
            return ValuePart(_member_days, _member_change, _member_turn)
        case "known_days":
            return measure(Measure(take="days_since_first"), build)
        case name:
            return _plain(name)


def words_of(moment: Moment, name: str) -> Sequence[Word]:
    """Return the words about an attribute."""
    return moment.person.history.attributes.get(name, ())


def _plain(name: str) -> ValuePart[Moment]:
    return ValuePart(
        lambda moment: word_at(words_of(moment, name), moment.now),
        lambda moment: next_word(words_of(moment, name), moment.now),
    )


def _today(moment: Moment) -> date:
    return day_of(moment.now, moment.person.world.zone)


def _birthday(moment: Moment) -> Birthday | None:
    return birthday(word_at(words_of(moment, _BIRTHDAY), moment.now))


def _age(moment: Moment) -> Known:
    born = _birthday(moment)
    return born.age(_today(moment)) if born else None


def _age_change(moment: Moment) -> Change:
    born = _birthday(moment)
    older = midnight(born.after(_today(moment)), moment.person.world.zone) if born and born.year is not None else None
    return soonest((older, next_word(words_of(moment, _BIRTHDAY), moment.now)))


def _days_to_birthday(moment: Moment) -> Known:
    born = _birthday(moment)
    return born.days_to(_today(moment)) if born else None


def _birthday_change(moment: Moment) -> Change:
    coming = next_word(words_of(moment, _BIRTHDAY), moment.now)
    return soonest((next_midnight(moment), coming)) if _birthday(moment) else coming


def _birthday_turn(moment: Moment, test: Test, marks: tuple[float, ...]) -> Change:
    """The days count down to the birthday; on the day after they begin anew."""
    coming = next_word(words_of(moment, _BIRTHDAY), moment.now)
    born = _birthday(moment)
    if born is None:
        return coming
    zone, today = moment.person.world.zone, _today(moment)
    days = born.days_to(today)
    is_true = test(days)
    passing = (days - fewer for fewer in reversed(critical(marks)) if 0 <= fewer < days and test(fewer) != is_true)
    ahead = next(passing, days + 1)
    return soonest((midnight(today + timedelta(days=ahead), zone), coming))


def _member_days(moment: Moment) -> Known:
    joined = _day_said(word_at(words_of(moment, _JOINED), moment.now), moment)
    return (_today(moment) - joined).days if joined else None


def _member_change(moment: Moment) -> Change:
    tomorrow = next_midnight(moment) if _member_days(moment) is not None else None
    return soonest((tomorrow, next_word(words_of(moment, _JOINED), moment.now)))


def _member_turn(moment: Moment, test: Test, marks: tuple[float, ...]) -> Change:
    enough = days_turn(moment, _member_days(moment), test, marks)
    return soonest((enough, next_word(words_of(moment, _JOINED), moment.now)))


def _day_said(text: Known, moment: Moment) -> date | None:
    """Return the zone's date of a day or an instant that is said as a text."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.date() if at.tzinfo is None else day_of(at, moment.person.world.zone)
    except (ValueError, OverflowError):  # no day, or one that the zone's calendar does not reach
        return None
