"""The calendar: holidays and make-up workdays, lunar dates, solar terms, festivals, the user's own word."""

from datetime import date

import pytest

from domain.context.calendar import Calendar, CalendarError, Override, Overrides
from domain.context.festivals import Declared, FestivalError
from domain.context.lunar import LunarDateError, lunar, solar_of

CALENDAR = Calendar()


@pytest.mark.parametrize(
    ("day", "kind", "is_workday"),
    [
        (date(2026, 2, 14), "makeup_workday", True),
        (date(2026, 2, 17), "holiday", False),
        (date(2026, 11, 25), "workday", True),
        (date(2026, 11, 28), "weekend", False),
        (date(2026, 10, 10), "makeup_workday", True),
        (date(2026, 10, 3), "holiday", False),
    ],
)
def test_a_day_is_one_of_four_kinds(day: date, kind: str, is_workday: bool) -> None:  # noqa: FBT001 - a row of the table
    """A holiday on a Saturday is a holiday; a Saturday that is worked is a workday."""
    found = CALENDAR.day(day)
    assert (found.kind, found.is_workday) == (kind, is_workday) == CALENDAR.work(day)


def test_holidays_have_names_in_both_languages_and_the_data_a_version() -> None:
    """Also of other countries, as far as the package has them."""
    spring = CALENDAR.day(date(2026, 2, 17))
    assert (spring.holiday_zh, spring.holiday_en) == ("春节", "Chinese New Year (Spring Festival)")
    assert "holidays" in spring.version
    assert "tyme4py" in spring.version
    assert CALENDAR.day(date(2026, 7, 4), "US").holiday_en == "Independence Day"


def test_a_year_the_government_has_not_settled_says_so() -> None:
    """The swaps of 2027 are not out: the package guesses."""
    assert CALENDAR.day(date(2026, 5, 1)).is_settled
    assert not CALENDAR.day(date(2027, 5, 1)).is_settled


@pytest.mark.parametrize(
    ("day", "festival"),
    [
        (date(2026, 2, 16), "spring_festival_eve"),
        (date(2026, 2, 17), "spring_festival"),
        (date(2026, 8, 19), "qixi"),
        (date(2026, 9, 25), "mid_autumn"),
        (date(2026, 11, 11), "shopping_double_11"),
        (date(2026, 6, 18), "shopping_618"),
        (date(2026, 5, 10), "mothers_day"),
        (date(2026, 12, 22), "winter_solstice"),
        (date(2025, 1, 28), "spring_festival_eve"),
    ],
)
def test_festivals_are_found_by_either_calendar(day: date, festival: str) -> None:
    """Lunar days, solar terms, n-th weekdays and shopping seasons."""
    assert festival in {one.key for one in CALENDAR.day(day).festivals}


def test_a_leap_month_has_no_festivals_of_its_own() -> None:
    """2025 has a leap sixth month: 七夕 comes once."""
    assert lunar(date(2025, 7, 25))[0].is_leap
    days = [date(2025, month, day) for month in (8, 9) for day in range(1, 30)]
    assert sum("qixi" in {one.key for one in CALENDAR.day(day).festivals} for day in days) == 1


def test_the_user_has_the_last_word() -> None:
    """A day that is otherwise, and a festival of one's own."""
    own = Calendar(
        Overrides(
            version="2",
            day=(Override(date=date(2027, 2, 20), kind="makeup_workday", zh="春节调休"),),
            festival={
                "anniversary": Declared(zh="店庆", en="Anniversary", kind="shopping", solar="12-28", until="01-03")
            },
        )
    )
    changed = own.day(date(2027, 2, 20))
    assert own.work(date(2027, 2, 20)) == ("makeup_workday", True)
    assert (changed.kind, changed.is_workday, changed.is_settled) == ("makeup_workday", True, True)
    assert "own 2" in changed.version
    assert [one.key for one in own.day(date(2027, 1, 2)).festivals] == ["anniversary"]


def test_what_the_calendar_cannot_answer_is_refused_with_its_field() -> None:
    """Countries, years, festivals."""
    with pytest.raises(CalendarError) as unknown:
        CALENDAR.day(date(2026, 1, 1), "XX")
    assert unknown.value.field == "country"
    with pytest.raises(CalendarError):
        CALENDAR.day(date(1800, 1, 1))
    with pytest.raises(FestivalError) as wrong:
        Calendar(Overrides(festival={"mine": Declared(zh="x", en="x", kind="modern", solar="11-11", lunar="01-01")}))
    assert wrong.value.field == "mine"
    with pytest.raises(LunarDateError):
        solar_of(2026, 13, 1)
