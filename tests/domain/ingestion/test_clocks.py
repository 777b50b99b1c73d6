"""Clocks: when it happened, although clients' clocks are wrong."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ingestion.clocks import corrected, instant
from domain.ingestion.refusal import MessageError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@pytest.mark.parametrize(
    "written",
    [
        *("2026-11-23T12:00:00Z", "2026-11-23T12:00:00.000Z", "2026-11-23T12:00:00.000+00:00"),
        *("2026-11-23T20:00:00+08:00", "2026-11-23T12:00:00", " 2026-11-23 12:00:00.000000000Z"),
    ],
)
def test_a_time_is_read_in_every_form_that_sdks_send(written: str) -> None:
    """With or without zone; one without is UTC."""
    assert instant(written, "timestamp") == NOON
    assert instant(None, "timestamp") is None


@pytest.mark.parametrize("written", ["yesterday", "", 1700000000, True, ["2026"], "0001-01-01T00:00:00+23:00"])
def test_what_is_no_time_is_refused_with_an_example(written: object) -> None:
    """The sender sees what would be right."""
    with pytest.raises(MessageError, match="ISO 8601 text such as 2026-11-23T08:00:00") as refusal:
        instant(written, "timestamp")
    assert refusal.value.field == "timestamp"


def test_a_clock_that_is_an_hour_slow_is_corrected() -> None:
    """It was added to the cart a minute before it was sent, whatever the phone thinks the time is."""
    sent = NOON - HOUR
    clocks = corrected(sent - MINUTE, None, sent, NOON)
    assert clocks.occurred_at == NOON - MINUTE
    assert (clocks.original_at, clocks.sent_at) == (sent - MINUTE, sent)


def test_a_clock_that_is_fast_is_corrected_too() -> None:
    """A phone that lives tomorrow."""
    sent = NOON + 24 * HOUR
    assert corrected(sent - MINUTE, None, sent, NOON).occurred_at == NOON - MINUTE


def test_the_networks_seconds_are_not_taken_for_the_clocks() -> None:
    """Below five seconds of difference the client's time stands."""
    assert corrected(NOON - MINUTE, None, NOON - timedelta(seconds=4.9), NOON).occurred_at == NOON - MINUTE
    late = corrected(NOON - MINUTE, None, NOON - timedelta(seconds=5), NOON).occurred_at
    assert late == NOON - MINUTE + timedelta(seconds=5)


def test_a_time_that_the_caller_set_is_shifted_by_the_skew_only() -> None:
    """RudderStack's Node client keeps the caller's timestamp and adds its own original: the caller's is meant."""
    backfilled = datetime(2026, 5, 1, tzinfo=UTC)
    sent = NOON - HOUR
    clocks = corrected(backfilled, sent - MINUTE, sent, NOON)
    assert clocks.occurred_at == backfilled + HOUR
    assert clocks.original_at == sent - MINUTE


def test_a_back_fill_keeps_its_months() -> None:
    """A server with a right clock that sends old history is believed."""
    old = datetime(2026, 5, 1, tzinfo=UTC)
    assert corrected(old, None, NOON, NOON).occurred_at == old
    assert corrected(None, old, None, NOON).occurred_at == old


def test_without_any_time_it_happened_when_it_arrived() -> None:
    """Nobody knows better."""
    assert corrected(None, None, NOON - HOUR, NOON).occurred_at == NOON


def test_a_dead_battery_does_not_send_purchases_to_1970() -> None:
    """With the time of sending it is corrected, without it is refused."""
    dead = datetime(1970, 1, 1, 0, 10, tzinfo=UTC)
    assert corrected(dead, None, dead + MINUTE, NOON).occurred_at == NOON - MINUTE
    with pytest.raises(MessageError, match="check the sender's clock"):
        corrected(dead, None, None, NOON)


@given(timestamp=st.none() | times, original=st.none() | times, sent=st.none() | times)
def test_no_event_lies_in_the_future_or_before_2000(
    timestamp: datetime | None, original: datetime | None, sent: datetime | None
) -> None:
    """Whatever the clocks say, and nothing else is raised."""
    try:
        clocks = corrected(timestamp, original, sent, NOON)
    except MessageError:
        return
    assert datetime(2000, 1, 1, tzinfo=UTC) <= clocks.occurred_at <= NOON
    assert clocks.occurred_at.utcoffset() == timedelta()


@given(moment=times, hours=st.integers(-14, 14))
def test_a_zone_changes_the_writing_and_not_the_time(moment: datetime, hours: int) -> None:
    """A till in Urumqi and one in Shanghai agree."""
    try:
        local = moment.astimezone(timezone(timedelta(hours=hours)))
    except OverflowError:
        return
    assert instant(local.isoformat(), "timestamp") == moment
