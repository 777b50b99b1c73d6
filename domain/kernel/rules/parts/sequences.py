"""Sequences: steps one after the other, and what must not have followed."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.kernel.rules.parts.building import MomentBuilder
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import Change, RulePart, soonest
from domain.kernel.rules.parts.passing import content_change, entering
from domain.kernel.rules.parts.series import Kind
from domain.kernel.rules.tree import Sequence as Steps
from domain.kernel.rules.tree import Step

# All times of a step, in order, and how long after the step before it may come.
Taken = tuple[list[datetime], timedelta | None]


class _Stage(NamedTuple):
    """A step: its series, and how long after the step before it may come."""

    series: int
    limit: timedelta | None


def sequence(node: Steps, build: MomentBuilder) -> RulePart[Moment]:
    """The steps happened in their order, and nothing of `unless` followed."""
    stages = tuple(_stage(step, build) for step in node.steps)
    unless = _stage(node.unless, build) if node.unless is not None else None
    window, everything = build.window(node.within), build.window(None)
    slot = build.slot()

    def ends(moment: Moment) -> list[datetime]:
        return moment.remembered(slot, lambda moment: _ends(moment, stages, window))

    def holds(moment: Moment) -> bool:
        if unless is None:
            return bool(ends(moment))
        return any(_is_unfollowed(moment, end, unless) for end in reversed(ends(moment)))

    def change(moment: Moment) -> Change:
        steps = {stage.series for stage in stages}
        if not holds(moment):
            # Nothing that leaves makes it true.
            deadline = _next_deadline(ends(moment), unless.limit, moment.now) if unless is not None else None
            return soonest((deadline, *(entering(moment, series, window) for series in steps)))
        following = entering(moment, unless.series, everything) if unless is not None else None
        return soonest((following, *(content_change(moment, series, window) for series in steps)))

    return RulePart(holds, change)


def _stage(step: Step, build: MomentBuilder) -> _Stage:
    series = build.series(Kind(step.events, step.of, step.where))
    return _Stage(series, None if step.limit_seconds is None else timedelta(seconds=step.limit_seconds))


def _ends(moment: Moment, stages: tuple[_Stage, ...], window: int) -> list[datetime]:
    """Return all instants at which the last step was taken after the others, in order."""
    taken = []
    for stage in stages:
        low, high = moment.span(stage.series, window)
        if low == high:
            return []
        taken.append((moment.person.series[stage.series].times[low:high], stage.limit))
    return reached_by(taken)[-1]


def reached_by(stages: Sequence[Taken]) -> list[list[datetime]]:
    """Return for each step when it was taken after the ones before it."""
    reached: list[list[datetime]] = []
    for times, limit in stages:
        reached.append([at for at in times if not reached or _step_before(at, reached[-1], limit)])
    return reached


def way(stages: Sequence[Taken], reached: Sequence[list[datetime]], end: datetime) -> tuple[datetime, ...]:
    """Return when the steps were taken that ended then, one of the ends that are reached."""
    found = [end]
    for (_, limit), earlier in zip(reversed(stages), reversed(reached[:-1]), strict=False):
        if (before := _step_before(found[-1], earlier, limit)) is not None:
            found.append(before)
    return tuple(reversed(found))


def _step_before(at: datetime, reached: list[datetime], limit: timedelta | None) -> datetime | None:
    """Return when the step before was taken, if not too long before: the last time, since an earlier is no better."""
    index = bisect_left(reached, at) - 1
    return reached[index] if index >= 0 and (limit is None or at - reached[index] <= limit) else None


def _is_unfollowed(moment: Moment, end: datetime, unless: _Stage) -> bool:
    until = moment.now if unless.limit is None else end + unless.limit
    if until > moment.now:
        return False  # it may still follow
    times = moment.person.series[unless.series].times
    index = bisect_right(times, end)
    return index == len(times) or times[index] > until


def _next_deadline(ends: list[datetime], limit: timedelta | None, now: datetime) -> Change:
    """Return when the next last step is over without anything having followed."""
    return None if limit is None else soonest(end + limit for end in ends if end + limit > now)
