"""Windows: what is inside, and the exact instant at which it is no more, whatever the clock and the calendar do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.kernel.rules.clocks import TICK, added, clock, instant_of, midnight
from domain.kernel.rules.periods import PeriodUnit
from domain.kernel.rules.tree import Between, Calendar, Last, Unit, Window
from domain.kernel.rules.windows import Bounds, before, bounds, enters, leaves, stay

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
ST_JOHNS = ZoneInfo("America/St_Johns")  # until 2011 the clock went back at a minute past midnight
APIA = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
ZONES = (SHANGHAI, NEW_YORK, BERLIN, LORD_HOWE, ST_JOHNS, APIA)

FAR_APART = st.datetimes(datetime(2008, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - st adds it
CHANGES = (
    datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York, forward
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York, back
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin, back
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, back half an hour
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe, forward
    datetime(2010, 11, 7, 2, 31, tzinfo=UTC),  # St. John's, back over midnight
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia, a day forward
    datetime(2024, 2, 29, tzinfo=UTC),
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
)
NEAR = st.builds(
    lambda at, seconds, microseconds: at + timedelta(seconds=seconds, microseconds=microseconds),
    st.sampled_from(CHANGES),
    st.integers(-3 * 86_400, 3 * 86_400),
    st.sampled_from((-1, 0, 0, 1)),
)
INSTANTS = st.one_of(NEAR, FAR_APART)
PERIODS: tuple[PeriodUnit, ...] = ("day", "week", "month", "quarter", "year")
UNITS: tuple[Unit, ...] = ("minute", "hour", "day", "week", "month", "year")


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Return a window of any kind."""
    match draw(st.sampled_from(("last", "last", "ending", "calendar", "between"))):
        case "last":
            return Last(amount=draw(st.integers(1, 400)), unit=draw(st.sampled_from(UNITS)))
        case "ending":
            ending = draw(st.integers(1, 30))
            return Last(amount=ending + draw(st.integers(1, 30)), unit=draw(st.sampled_from(UNITS)), ending=ending)
        case "calendar":
            return Calendar(unit=draw(st.sampled_from(PERIODS)), ago=draw(st.integers(0, 3)))
        case _:
            return Between(since=draw(st.none() | INSTANTS), until=draw(st.none() | INSTANTS))


@given(windows(), INSTANTS, INSTANTS, st.sampled_from(ZONES))
@example(Last(amount=1, unit="month"), datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC), SHANGHAI)
@settings(max_examples=1_000)
def test_the_bounds_of_an_instant_and_the_stay_of_an_occurrence_agree(
    window: Window, now: datetime, happened: datetime, zone: ZoneInfo
) -> None:
    """Batch uses one and live timers the other."""
    found = bounds(window, now, zone)
    probes = [happened, now, now + TICK, found.before, found.before - TICK]
    if found.since is not None:
        probes += [found.since, found.since - TICK]
    for probe in probes:
        here = stay(window, probe, zone)
        is_inside = here is not None and here.enters <= now and (here.leaves is None or now < here.leaves)
        assert found.hold(probe) == is_inside
    assert not found.hold(now + TICK)


@given(windows(), INSTANTS, INSTANTS, st.sampled_from(ZONES))
@settings(max_examples=500)
def test_what_is_inside_leaves_at_the_instant_that_is_told(
    window: Window, now: datetime, happened: datetime, zone: ZoneInfo
) -> None:
    """Inside a microsecond before, outside then; and what comes in later does so then."""
    if bounds(window, now, zone).hold(happened):
        if (end := leaves(window, happened, zone, now)) is not None:
            assert bounds(window, end - TICK, zone).hold(happened)
            assert not bounds(window, end, zone).hold(happened)
    elif (begin := enters(window, happened, zone, now)) is not None:
        assert not bounds(window, begin - TICK, zone).hold(happened)
        assert bounds(window, begin, zone).hold(happened)


@given(INSTANTS, INSTANTS, st.integers(1, 40), st.sampled_from(UNITS), st.sampled_from(ZONES))
@settings(max_examples=500)
def test_what_happened_earlier_expires_no_later(
    one: datetime, other: datetime, amount: int, unit: Unit, zone: ZoneInfo
) -> None:
    """So the first inside is the first to go, and bounds exist."""
    earlier, later = sorted((one, other))
    assert added(earlier, amount, unit, zone) <= added(later, amount, unit, zone)
    assert clock(earlier, zone) <= clock(later, zone)
    back = before(later, amount, unit, zone)
    assert back is not None
    assert added(back, amount, unit, zone) <= later < added(back + TICK, amount, unit, zone)


@given(INSTANTS, st.sampled_from(ZONES))
def test_an_instant_is_found_again_from_the_clock(at: datetime, zone: ZoneInfo) -> None:
    """Except in the hour that comes twice, whose second time the clock stands still."""
    shown = clock(at, zone)
    again = instant_of(shown, zone)
    assert again >= at if at.astimezone(zone).fold else again == at


@pytest.mark.parametrize(
    ("zone", "happened", "amount", "unit", "expires"),
    [
        (SHANGHAI, "2026-11-25T10:00+08:00", 7, "day", "2026-12-02T10:00+08:00"),
        (NEW_YORK, "2026-03-01T02:30-05:00", 7, "day", "2026-03-08T03:00-04:00"),  # 2:30 was passed over
        (NEW_YORK, "2026-03-07T12:00-05:00", 1, "day", "2026-03-08T12:00-04:00"),  # 23 hours
        (NEW_YORK, "2026-03-07T12:00-05:00", 24, "hour", "2026-03-08T13:00-04:00"),
        (NEW_YORK, "2026-10-25T01:30-04:00", 7, "day", "2026-11-01T01:30-04:00"),  # the first half past one
        (NEW_YORK, "2026-11-01T01:30-05:00", 7, "day", "2026-11-08T02:00-05:00"),  # the second: held at two
        (LORD_HOWE, "2026-04-04T01:45+11:00", 1, "day", "2026-04-05T01:45+11:00"),
        (LORD_HOWE, "2026-10-03T02:15+10:30", 1, "day", "2026-10-04T02:30+11:00"),
        (SHANGHAI, "2026-01-31T18:00+08:00", 1, "month", "2026-03-01T00:00+08:00"),
        (SHANGHAI, "2026-01-28T18:00+08:00", 1, "month", "2026-02-28T18:00+08:00"),
        (SHANGHAI, "2024-02-29T18:00+08:00", 1, "year", "2025-03-01T00:00+08:00"),
        (SHANGHAI, "2024-02-29T18:00+08:00", 4, "year", "2028-02-29T18:00+08:00"),
        (SHANGHAI, "2026-12-31T18:00+08:00", 2, "month", "2027-03-01T00:00+08:00"),
    ],
)
def test_the_instant_at_which_a_window_ends(
    zone: ZoneInfo, happened: str, amount: int, unit: Unit, expires: str
) -> None:
    """Daylight saving in both directions, the ends of months, leap days."""
    at = datetime.fromisoformat(happened).astimezone(UTC)
    window = Last(amount=amount, unit=unit)
    end = datetime.fromisoformat(expires).astimezone(UTC)
    assert leaves(window, at, zone, at) == end
    assert bounds(window, end - TICK, zone).hold(at)
    assert not bounds(window, end, zone).hold(at)


def test_a_period_reaches_from_midnight_to_midnight() -> None:
    """A day of 25 hours is one day; the quarter before this one is whole."""
    noon = datetime(2026, 11, 1, 17, tzinfo=UTC)
    assert bounds(Calendar(unit="day"), noon, NEW_YORK) == Bounds(datetime(2026, 11, 1, 4, tzinfo=UTC), noon + TICK)
    tomorrow = datetime(2026, 11, 2, 17, tzinfo=UTC)
    assert bounds(Calendar(unit="day", ago=1), tomorrow, NEW_YORK) == Bounds(
        datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)
    )
    assert bounds(Calendar(unit="quarter", ago=1), noon, BERLIN) == Bounds(
        datetime(2026, 6, 30, 22, tzinfo=UTC), datetime(2026, 9, 30, 22, tzinfo=UTC)
    )


def test_a_window_that_reaches_before_all_time_holds_everything() -> None:
    """And one that ends after all time never ends."""
    now = datetime(2026, 11, 25, tzinfo=UTC)
    assert bounds(Last(amount=3_000, unit="year"), now, SHANGHAI) == Bounds(None, now + TICK)
    assert leaves(Last(amount=8_000, unit="year"), now, SHANGHAI, now) is None
    assert before(now, 3_000, "year", SHANGHAI) is None


def test_a_week_begins_on_monday() -> None:
    """25 November 2026 is a Wednesday."""
    now = midnight(datetime(2026, 11, 25, tzinfo=UTC).date(), SHANGHAI)
    assert bounds(Calendar(unit="week"), now, SHANGHAI).since == datetime(2026, 11, 22, 16, tzinfo=UTC)
