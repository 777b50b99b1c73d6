"""Explaining: why a rule holds of a person or does not, and where a value comes from, down to facts and words."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, get_args

import msgspec

from domain.kernel.rules.evidence import facts_of, words_of
from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.reasons import Evident, Reason
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import AsOf, InSegment, Part, Rule, Tag, Value, When
from domain.kernel.rules.walking import children
from domain.kernel.rules.windows import before
from domain.kernel.rules.world import World

_SHOWN: Final = 20
_NOTHING: Final = Definitions()
_RULES: Final = get_args(Rule)
_VALUES: Final = get_args(Value)
# Cases and parts are no nodes by themselves: what stands in them is.
_FRAMES: Final = (When, Part)


def explain(
    node: Rule | Value,
    history: History,
    now: datetime,
    world: World,
    *,
    definitions: Definitions = _NOTHING,
    shown: int = _SHOWN,
) -> Reason:
    """Return a rule or a value with all its parts as they are at an instant, each with its evidence.

    Tags and segments in it are opened by their definitions. `shown` facts are told of a part at most.
    """
    return Explainer(node, definitions, shown).explain(history, now, world)


class Explainer:
    """A rule or a value made ready to be explained of many people."""

    def __init__(self, node: Rule | Value, definitions: Definitions = _NOTHING, shown: int = _SHOWN) -> None:
        self._node = node
        self._definitions = definitions
        self._shown = shown
        rules: dict[str, Any] = {}
        values: dict[str, Any] = {}
        for place, one in self._walk("", node):
            (rules if isinstance(one, _RULES) else values)[place] = resolve(one, definitions)
        self._plan = Plan(rules, values)

    def explain(self, history: History, now: datetime, world: World) -> Reason:
        """Return the reasons at an instant (UTC)."""
        return self._reason("", self._node, self._plan.person(history, world).at(now))

    def _reason(self, place: str, node: Any, moment: Moment) -> Reason:
        is_rule = isinstance(node, _RULES)
        holds = self._plan.holds(place, moment) if is_rule else None
        value = None if is_rule else self._plan.value_of(place, moment)
        facts = facts_of(node, value, moment, self._plan.series_of)
        there = _instant(node, moment)
        inside = self._inside(place, node) if there is not None else ()
        return Reason(
            place=place,
            node=node,
            at=moment.now,
            holds=holds,
            value=value,
            total=len(facts),
            facts=tuple(map(Evident.of, reversed(facts[max(0, len(facts) - self._shown) :]))),
            said=words_of(node, moment),
            parts=tuple(self._reason(inner, one, there) for inner, one in inside if there is not None),
        )

    def _walk(self, place: str, node: Any) -> Iterator[tuple[str, Any]]:
        yield place, node
        for inner, one in self._inside(place, node):
            yield from self._walk(inner, one)

    def _inside(self, place: str, node: Any) -> Iterator[tuple[str, Any]]:
        """Return the rules and values a node is made of: not its windows, nor what looks at fields."""
        opened = self._opened(node)
        if opened is not None:
            yield _join(place, "definition"), opened
        for name, child in children(node):
            if isinstance(child, _FRAMES):
                yield from ((_join(place, f"{name}.{inner}"), one) for inner, one in children(child))
            elif isinstance(child, (*_RULES, *_VALUES)) and name != "where":
                yield _join(place, name), child

    def _opened(self, node: object) -> msgspec.Struct | None:
        match node:
            case Tag(key=key):
                return self._definitions.tags.get(key)
            case InSegment(key=key):
                return self._definitions.segments.get(key)
        return None


def _instant(node: object, moment: Moment) -> Moment | None:
    """Return the moment at which what stands in the node is asked; None: at none."""
    if not isinstance(node, AsOf):
        return moment
    if node.at is not None:
        return moment.at(node.at) if node.at <= moment.now else None
    at = before(moment.now, node.amount or 0, node.unit, moment.person.world.zone)
    return moment.at(at) if at is not None else None


def _join(place: str, inner: str) -> str:
    return f"{place}.{inner}" if place else inner
