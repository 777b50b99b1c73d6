"""What news mean for one membership: the turns to tell, and when it may turn next by itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from workers.segmenting.subject import Subject
from workers.segmenting.sweeping import Holds, Turn, Until, began, sweep
from workers.segmenting.watching import Watched


class Stood(NamedTuple):
    """How it stood with a membership until the news: was she in, until when would that stay, since when is it known.

    Turns are told from `base` on, and not before `told`, when the last one was.
    """

    held: bool
    due: datetime | None
    base: datetime
    told: datetime


class Judged(NamedTuple):
    """The turns in order, whether she is in now, and when that may change without news."""

    turns: list[Turn]
    holds: bool
    due: datetime | None


def judged(watched: Watched, subject: Subject, stood: Stood, news: Sequence[datetime], now: datetime) -> Judged:
    """Judge a membership after news (instants, in order), up to `now`.

    News in the order of time give each turn at its exact instant, however late this is done. What comes late, before
    something that was judged already, cannot undo what was told: it counts from when the rule has been what it is by
    all that is known now, but not before the last turn that was told. What is yet to come falls due then.
    """
    if len(news) == 1 and (found := _judged_now(watched, subject, stood, news[0], now)) is not None:
        return found
    rule = _rule(watched, subject)
    late = [at for at in news if at <= stood.base]
    held, due, turns = stood.held, stood.due, list[Turn]()
    if late:
        turns, held, _ = sweep(rule, held=held, due=due, news=(), until=stood.base)
        holds = rule[0](stood.base)
        due = rule[1](stood.base)
        if holds != held:
            since = began(rule, since=late[0], news=subject.between(late[0], stood.base), until=stood.base)
            last = turns[-1].at if turns else stood.told
            turns.append(Turn(max(since, last), holds))
            held = holds
    fresh = [at for at in news if at > stood.base]
    swept = sweep(rule, held=held, due=due, news=fresh, until=max(now, stood.base))
    return Judged([*turns, *swept.turns], swept.holds, swept.due)


def _judged_now(watched: Watched, subject: Subject, stood: Stood, at: datetime, now: datetime) -> Judged | None:
    """Judge after one piece of news that is the latest, as nearly all are; None where there is more to it."""
    if not stood.base < at <= now or (stood.due is not None and stood.due <= at):
        return None
    moment = subject.at(at)
    holds, due = watched.part.holds(moment), watched.part.change(moment)
    if due is not None and due <= now:
        return None
    return Judged([] if holds == stood.held else [Turn(at, holds)], holds, due)


def changed(
    watched: Watched, subject: Subject, stood: Stood, at: datetime, news: Sequence[datetime], now: datetime
) -> Judged:
    """Judge a membership after the person became another at an instant (joined, parted): turns are told from then on.

    Also after what everybody is judged anew for, such as a model's new predictions.
    """
    rule = _rule(watched, subject)
    at = max(at, stood.base)
    holds = rule[0](at)
    turns = [] if holds == stood.held else [Turn(max(at, stood.told), holds)]
    fresh = [one for one in news if one > at]
    swept = sweep(rule, held=holds, due=rule[1](at), news=fresh, until=max(now, at))
    return Judged([*turns, *swept.turns], swept.holds, swept.due)


def _rule(watched: Watched, subject: Subject) -> tuple[Holds, Until]:
    holds, change = watched.part
    return (lambda at: holds(subject.at(at))), (lambda at: change(subject.at(at)))
