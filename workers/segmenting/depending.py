"""What a rule asks for: so that what happens to a person wakes the segments it may concern, and no others."""

from collections.abc import Iterator
from typing import Final

import msgspec

from domain.activity.membership import MEMBERSHIP
from domain.context.circumstances import WEATHER
from domain.kernel.rules.parts.series import Kind
from domain.kernel.rules.tree import (
    Attribute,
    Compare,
    Consented,
    Context,
    Field,
    Identified,
    InSegment,
    Measure,
    Prediction,
    Rule,
    Step,
    Tagged,
)

_WORDS: Final = (Attribute, Tagged, Consented, Identified, Context)
# It is counted from the first thing that she did.
_KNOWN_DAYS: Final = "known_days"


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule of a segment asks for.

    `has_words`: attributes, tags, consents or identifiers, any of them; `has_weather`: what a feed tells of regions.

    `models` are those whose predictions it asks for, `segments` the keys of segments that are lists (others stand in
    the rule itself), `memberships` those whose entering and leaving counts, None among them for any segment's.
    """

    kinds: tuple[Kind, ...]
    has_words: bool
    has_weather: bool
    models: frozenset[str]
    segments: frozenset[str]
    memberships: frozenset[str | None]


def needs(rule: Rule) -> Needs:
    """Return what a rule asks for, whatever it is made of."""
    nodes = list(walk(rule))
    kinds = tuple(_kinds(nodes))
    return Needs(
        kinds=kinds,
        has_words=any(isinstance(node, _WORDS) for node in nodes),
        has_weather=any(isinstance(node, Context) and node.name in WEATHER for node in nodes),
        models=frozenset(node.model.partition(".")[0] for node in nodes if isinstance(node, Prediction)),
        segments=frozenset(node.key for node in nodes if isinstance(node, InSegment)),
        memberships=frozenset(key for kind in kinds for key in _memberships(kind)),
    )


def walk(node: object) -> Iterator[msgspec.Struct]:
    """Yield the node and all nodes in it."""
    if isinstance(node, msgspec.Struct):
        yield node
        for name in node.__struct_fields__:
            yield from walk(getattr(node, name))
    elif isinstance(node, tuple):
        for part in node:
            yield from walk(part)


def _kinds(nodes: list[msgspec.Struct]) -> Iterator[Kind]:
    for node in nodes:
        if isinstance(node, Measure | Step):
            yield Kind(node.events, node.of, node.where)
        elif isinstance(node, Attribute) and node.name == _KNOWN_DAYS:
            yield Kind((), "events", None)


def _memberships(kind: Kind) -> Iterator[str | None]:
    """Yield the segments whose entering or leaving is looked at; None where the test names none."""
    if MEMBERSHIP.isdisjoint(kind.events):
        return
    named = [
        node.right if isinstance(node.right, str) else None
        for node in walk(kind.where)
        if isinstance(node, Compare) and isinstance(node.left, Field) and node.left.name.endswith("segment")
    ]
    yield from named or [None]
