"""When rules turn by themselves, and the exact intervals in which they held."""

from datetime import datetime
from typing import Final, NamedTuple

from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.parts.measures import next_midnight
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import RulePart
from domain.kernel.rules.tree import Rule
from domain.kernel.rules.world import World

# So many instants at which something changes are looked at for one at which the rule does.
_LOOKED_AT: Final = 64


class Held(NamedTuple):
    """A rule held from `since` to before `until`."""

    since: datetime
    until: datetime


def next_turn(plan: Plan, key: str, moment: Moment) -> datetime | None:
    """Return an instant after the moment up to which a rule stays as it is, if nothing new is told; None: for ever.

    Mostly it turns then. The instant is early where it would have to be looked for too long; and if circumstances
    matter, since those of a later day may yet be told: then it is the next midnight at the latest.
    """
    part = plan.rules[key]
    is_true, here = part.holds(moment), moment
    horizon = next_midnight(moment) if key in plan.circumstantial else None
    for _ in range(_LOOKED_AT):
        following = part.change(here)
        if following is None:
            return None
        here = moment.at(following)
        if part.holds(here) != is_true or (horizon is not None and following >= horizon):
            break
    return here.now


def next_change(rule: Rule, history: History, now: datetime, world: World) -> datetime | None:
    """Return an instant after `now`, not after the first at which the rule turns without anything new; None: never."""
    plan = Plan({"": rule})
    return next_turn(plan, "", plan.person(history, world).at(now))


def timeline(rule: Rule, history: History, since: datetime, until: datetime, world: World) -> tuple[Held, ...]:
    """Return when the rule held between two instants (UTC), the second excluded, each time as long as possible."""
    plan = Plan({"": rule})
    return held(plan.rules[""], plan.person(history, world).at(since), until)


def held(part: RulePart[Moment], moment: Moment, until: datetime) -> tuple[Held, ...]:
    """Return when the rule held from the moment to before `until`."""
    found: list[Held] = []
    here, begun = moment, moment.now if part.holds(moment) else None
    while (following := part.change(here)) is not None and following < until:
        here = moment.at(following)
        is_true = part.holds(here)
        if begun is not None and not is_true:
            found.append(Held(begun, following))
        begun = (begun or following) if is_true else None
    if begun is not None and begun < until:
        found.append(Held(begun, until))
    return tuple(found)
