"""Sequences: steps one after the other, and what must not have followed."""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.kernel.rules.parts.building import MomentBuilder
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import Change, RulePart, soonest
from domain.kernel.rules.parts.passing import content_change, entering
from domain.kernel.rules.parts.series import Kind
from domain.kernel.rules.tree import Sequence, Step


class _Stage(NamedTuple):
    """A step: its series, and how long after the step before it may come."""

    series: int
    limit: timedelta | None


def sequence(node: Sequence, build: MomentBuilder) -> RulePart[Moment]:
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
    reached: list[datetime] | None = None
    for stage in stages:
        low, high = moment.span(stage.series, window)
        times = moment.person.series[stage.series].times[low:high]
        reached = times if reached is None else [at for at in times if _follows(at, reached, stage.limit)]
        if not reached:
            break
    return reached or []


def _follows(at: datetime, reached: list[datetime], limit: timedelta | None) -> bool:
    """Say whether the step before was taken earlier; the last time it was is the best."""
    index = bisect_left(reached, at) - 1
    return index >= 0 and (limit is None or at - reached[index] <= limit)


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
