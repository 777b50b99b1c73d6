"""Windows and spans of time."""

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Final

from domain.kernel.rules.checks.finding import Finding, Findings, Surroundings
from domain.kernel.rules.depending import depends_on
from domain.kernel.rules.tree import AsOf, Between, Calendar, HasBeen, Last, Unit

_YEARS: Final = 100
# A hundred years: nothing is older, and the calendar has no end then.
_MOST: Final[dict[Unit, int]] = {
    "minute": _YEARS * 366 * 24 * 60,
    "hour": _YEARS * 366 * 24,
    "day": _YEARS * 366,
    "week": _YEARS * 53,
    "month": _YEARS * 12,
    "year": _YEARS,
}
_MOST_PERIODS: Final = 1_200
LONGEST_SECONDS: Final = _YEARS * 366 * 24 * 60 * 60
_DAYS: Final[dict[Unit, float]] = {"minute": 1 / 1_440, "hour": 1 / 24, "day": 1, "week": 7, "month": 30, "year": 365}
_MOST_DAYS: Final = 31


def last(node: Last, _around: Surroundings) -> Findings:
    """So many units, fewer of them left out at the end."""
    yield from _amount(node.amount, node.unit, "a window")
    if node.ending < 0:
        yield Finding("ending", f"a window cannot end {-node.ending} {node.unit}s after now: use 0 or more")
    elif node.ending >= node.amount > 0:
        yield Finding(
            "ending",
            f"the window ends {node.ending} {node.unit}s before now, so it begins before that: "
            f"use less than amount ({node.amount}), or a greater amount",
        )


def calendar(node: Calendar, _around: Surroundings) -> Findings:
    """This period or an earlier one."""
    if not 0 <= node.ago <= _MOST_PERIODS:
        yield Finding("ago", f"0 is the {node.unit} of now, 1 the one before: use 0 to {_MOST_PERIODS}")


def between(node: Between, _around: Surroundings) -> Findings:
    """From one instant to another."""
    for place, at in (("since", node.since), ("until", node.until)):
        yield from _instant(place, at)
    if node.since is None and node.until is None:
        yield Finding("", "give since, until or both; without a window everything counts anyway")
    elif node.since and node.until and node.since.tzinfo and node.until.tzinfo and node.since >= node.until:
        yield Finding("until", "the window is empty: until must be after since")


def has_been(node: HasBeen, _around: Surroundings) -> Findings:
    """For so long; circumstances change by the hour, so that a long span of them would take long to look through."""
    yield from _amount(node.amount, node.unit, "a span")
    if depends_on(node.rule).contexts and node.amount * _DAYS[node.unit] > _MOST_DAYS:
        yield Finding("amount", f"circumstances are followed for {_MOST_DAYS} days at most: use a shorter span")


def as_of(node: AsOf, _around: Surroundings) -> Findings:
    """At an instant, or so long ago."""
    if (node.at is None) == (node.amount is None):
        yield Finding("", "give one of at (an instant) and amount (so many units before now)")
    yield from _instant("at", node.at)
    if node.amount is not None:
        yield from _amount(node.amount, node.unit, "a span")


def _amount(amount: int, unit: Unit, what: str) -> Findings:
    if amount <= 0:
        yield Finding("amount", f"{what} of {amount} {unit}s holds nothing: use 1 or more")
    elif amount > _MOST[unit]:
        yield Finding("amount", f"{what} of {amount} {unit}s is longer than {_YEARS} years: use {_MOST[unit]} at most")


def _instant(place: str, at: datetime | None) -> Findings:
    if at is not None and at.tzinfo is None:
        yield Finding(place, f"say the zone of the instant, such as {at.isoformat()}+08:00")
    elif at is not None and not MINYEAR < at.year < MAXYEAR:  # in another zone it would be outside the calendar
        yield Finding(place, f"must be in the years {MINYEAR + 1} to {MAXYEAR - 1}; leave it out for no bound")
