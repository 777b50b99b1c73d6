"""Rules about other instants: held then, or ever since."""

from datetime import datetime

from domain.kernel.rules.clocks import FOREVER, added
from domain.kernel.rules.parts.building import MomentBuilder
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import Change, RulePart, soonest
from domain.kernel.rules.tree import AsOf, HasBeen
from domain.kernel.rules.windows import before


def as_of(node: AsOf, build: MomentBuilder) -> RulePart[Moment]:
    """The rule held then."""
    inner = build.rule(node.rule)
    return _at(node.at, inner) if node.at is not None else _ago(node, inner)


def has_been(node: HasBeen, build: MomentBuilder) -> RulePart[Moment]:
    """The rule has held without a break for so long."""
    inner, slot = build.rule(node.rule), build.slot()

    def start(moment: Moment) -> datetime | None:
        return before(moment.now, node.amount, node.unit, moment.person.world.zone)

    def work(moment: Moment) -> datetime | None:
        begin = start(moment)
        return held_since(inner, moment, begin) if begin is not None else None

    def holds(moment: Moment) -> bool:
        since = moment.remembered(slot, work)
        return since is not None and since == start(moment)

    def change(moment: Moment) -> Change:
        breaks = inner.change(moment)
        since = moment.remembered(slot, work)
        if since is None or since == start(moment):
            return breaks
        return soonest((breaks, _coming(added(since, node.amount, node.unit, moment.person.world.zone))))

    return RulePart(holds, change)


def held_since(inner: RulePart[Moment], moment: Moment, start: datetime) -> datetime | None:
    """Return since when the rule holds, not looking before `start`; None if it does not hold at the moment."""
    if not inner.holds(moment):
        return None
    here = moment.at(start)
    since = start if inner.holds(here) else None
    while (following := inner.change(here)) is not None and following <= moment.now:
        here = moment.at(following)
        if not inner.holds(here):
            since = None
        elif since is None:
            since = following
    return since


def _at(at: datetime, inner: RulePart[Moment]) -> RulePart[Moment]:
    return RulePart(
        lambda moment: at <= moment.now and inner.holds(moment.at(at)),
        lambda moment: at if at > moment.now else None,
    )


def _ago(node: AsOf, inner: RulePart[Moment]) -> RulePart[Moment]:
    amount, unit = node.amount or 0, node.unit

    def then(moment: Moment) -> Moment | None:
        at = before(moment.now, amount, unit, moment.person.world.zone)
        return moment.at(at) if at is not None else None

    def holds(moment: Moment) -> bool:
        there = then(moment)
        return there is not None and inner.holds(there)

    def change(moment: Moment) -> Change:
        there = then(moment)
        following = inner.change(there) if there is not None else None
        return following and _coming(added(following, amount, unit, moment.person.world.zone))

    return RulePart(holds, change)


def _coming(at: datetime) -> Change:
    return None if at == FOREVER else at
