"""Windows as bounds: what is inside at an instant, and when something that is inside will be no more.

All follows from when an occurrence comes into a window and when it goes (`stay`), which is monotone in its time. Batch
asks for the bounds of an instant, live timers for the end of a stay; so both say the same, to the microsecond.
"""

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.kernel.rules.clocks import FOREVER, TICK, added, unexpired
from domain.kernel.rules.periods import begins, period_of, shifted
from domain.kernel.rules.tree import Between, Calendar, Last, Unit, Window

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_REMEMBERED: Final = 8_192


class Bounds(NamedTuple):
    """What is inside at an instant: t with since <= t < before (UTC); no `since`: from the beginning."""

    since: datetime | None
    before: datetime

    def hold(self, instant: datetime) -> bool:
        """Say whether something that happened then is inside."""
        return (self.since is None or self.since <= instant) and instant < self.before


class Stay(NamedTuple):
    """When an occurrence is inside: at the instants from `enters` to before `leaves` (None: for ever)."""

    enters: datetime
    leaves: datetime | None


@functools.lru_cache(maxsize=_REMEMBERED)
def bounds(window: Window | None, now: datetime, zone: ZoneInfo) -> Bounds:
    """Return what is inside the window at `now` (UTC): never anything after it; without a window, all before."""
    match window:
        case None:
            return Bounds(None, now + TICK)
        case Last(amount=amount, unit=unit, ending=ending):
            before = (_first_unexpired(ending, unit, now, zone) or _NEVER) if ending else now + TICK
            return Bounds(_first_unexpired(amount, unit, now, zone), before)
        case Calendar(unit=unit, ago=ago):
            first = shifted(period_of(now, unit, zone), -ago, unit)
            before = begins(shifted(first, 1, unit), zone)
            return Bounds(begins(first, zone), min(before, now + TICK))
        case Between(since=since, until=until):
            return Bounds(since, now + TICK if until is None else min(until, now + TICK))


def stay(window: Window | None, happened: datetime, zone: ZoneInfo) -> Stay | None:
    """Return when what happened then is inside the window; None: never."""
    match window:
        case None:
            return Stay(happened, None)
        case Last(amount=amount, unit=unit, ending=ending):
            enters = added(happened, ending, unit, zone) if ending else happened
            return _stay(enters, added(happened, amount, unit, zone))
        case Calendar(unit=unit, ago=ago):
            first = shifted(period_of(happened, unit, zone), ago, unit)
            enters = max(happened, begins(first, zone))
            return _stay(enters, begins(shifted(first, 1, unit), zone))
        case Between(since=since, until=until):
            is_inside = (since is None or since <= happened) and (until is None or happened < until)
            return Stay(happened, None) if is_inside else None


def leaves(window: Window | None, happened: datetime, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return the first instant after `now` at which what happened then, and is inside now, is no more (None: never)."""
    found = stay(window, happened, zone)
    return found.leaves if found and found.leaves and found.leaves > now else None


def enters(window: Window | None, happened: datetime, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return the first instant after `now` at which what happened then, and is not inside yet, will be (None: never).

    For windows that end before the instant (`ending`, `ago`), and for what is yet to happen.
    """
    found = stay(window, happened, zone)
    return found.enters if found and found.enters > now else None


@functools.lru_cache(maxsize=_REMEMBERED)
def before(now: datetime, amount: int, unit: Unit, zone: ZoneInfo) -> datetime | None:
    """Return the instant so many units before: the last one from which they are over; None: before all time."""
    first = _first_unexpired(amount, unit, now, zone)
    return first and first - TICK


def _stay(enters: datetime, leaves: datetime) -> Stay | None:
    if enters >= leaves:  # two month ends can fall together
        return None
    return Stay(enters, None if leaves == FOREVER else leaves)


def _first_unexpired(amount: int, unit: Unit, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the earliest time whose `amount` of units is not over at `now`; None: all time is."""

    def is_over(happened: datetime) -> bool:
        return added(happened, amount, unit, zone) <= now

    try:
        if (found := unexpired(now, amount, unit, zone)) is not None:
            return found
        guess = added(now, -amount, unit, zone)
        # Mostly it is over at the guess exactly; where a month lacks a day, the guess is the first that is left.
        if is_over(guess):
            return guess + TICK if not is_over(guess + TICK) else _first_not(is_over, guess)
        return guess if is_over(guess - TICK) else _first_not(is_over, guess)
    except OverflowError:
        return None


def _first_not(is_over: Callable[[datetime], bool], guess: datetime) -> datetime:
    """Search around the guess: month ends and changes of the clock move it by some days at most."""
    reach = timedelta(days=1)
    while not is_over(guess - reach):
        reach *= 2
    low, reach = guess - reach, timedelta(days=1)
    while is_over(guess + reach):
        reach *= 2
    high = guess + reach
    while high - low > TICK:
        middle = low + (high - low) // 2
        low, high = (middle, high) if is_over(middle) else (low, middle)
    return high
