"""Go along a person's time and find the exact instants at which a rule begins or ceases to hold.

Between news a rule changes at instants that follow from its windows alone. So it is asked at every news and at every
such instant, in order, however late anybody comes to do it: a worker that was down finds the same changes afterwards.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

Holds = Callable[[datetime], bool]
# The earliest instant after the given one at which the rule may change without news; None: never.
Until = Callable[[datetime], datetime | None]


class Turn(NamedTuple):
    """From this instant on the rule holds, or does not."""

    at: datetime
    holds: bool


class Swept(NamedTuple):
    """The turns found, in order; what holds at the end; when it may turn next by itself."""

    turns: list[Turn]
    holds: bool
    due: datetime | None


def sweep(
    rule: tuple[Holds, Until],
    *,
    held: bool,
    due: datetime | None,
    news: Iterable[datetime],
    until: datetime,
) -> Swept:
    """Go from where the rule `held`, and would until `due`, over the `news` (in order), up to `until` and with it."""
    holds, changes = rule
    turns: list[Turn] = []
    coming = iter(news)
    next_news = next(coming, None)
    while True:
        at = min((one for one in (next_news, due) if one is not None), default=None)
        if at is None or at > until:
            return Swept(turns, held, _sooner(due, next_news))
        while next_news is not None and next_news <= at:
            next_news = next(coming, None)
        now_held = holds(at)
        if now_held != held:
            turns.append(Turn(at, now_held))
            held = now_held
        due = changes(at)


def began(rule: tuple[Holds, Until], *, since: datetime, news: Iterable[datetime], until: datetime) -> datetime:
    """Return from when on the rule has been without interruption what it is at `until`; at the earliest `since`."""
    holds, changes = rule
    found = sweep(rule, held=holds(since), due=changes(since), news=news, until=until)
    return found.turns[-1].at if found.turns else since


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else min(one, other)
