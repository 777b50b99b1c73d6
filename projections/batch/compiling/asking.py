"""What a set of rules and values asks of the data: events, fields, and what is not said in SQL."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.fields import PROPERTIES
from domain.kernel.rules.tree import (
    AsOf,
    Attribute,
    Consented,
    Context,
    Field,
    HasBeen,
    Identified,
    InSegment,
    Level,
    Measure,
    Node,
    Prediction,
    Rule,
    Sampled,
    Sequence,
    Step,
    Tagged,
    Value,
)
from domain.kernel.rules.windows import before

# Said of a person, at an instant: read word by word from what is known of her, as the live engine does.
SAID = (Attribute, Context, Prediction, Tagged, Consented, Identified, InSegment, Sampled)
_KNOWN_DAYS = "known_days"
# Of a property that is declared nowhere these depend on which kind of value each person's events have.
_OF_ANY_KIND = frozenset({"distinct", "first", "last", "top"})


class Leaf(NamedTuple):
    """A node that is judged person by person, at an instant: by words alone, or (`is_odd`) by her whole history."""

    node: Value | Rule
    at: datetime
    is_odd: bool

    @property
    def key(self) -> tuple[bytes, datetime]:
        """What makes two leaves one: 1 and True are equal in Python, but not as JSON."""
        return (msgspec.json.encode(self.node), self.at)


class Asked(NamedTuple):
    """The names of events asked for (None: any behaviour), and the fields, of one level."""

    names: frozenset[str] | None
    fields: frozenset[str]


def is_said(node: Node) -> bool:
    """Say whether a node is judged by words alone."""
    return isinstance(node, SAID) and not (isinstance(node, Attribute) and node.name == _KNOWN_DAYS)


def is_odd(node: Node) -> bool:
    """Say whether SQL cannot say the node well."""
    if isinstance(node, HasBeen):
        return True
    if not isinstance(node, Measure) or node.take not in _OF_ANY_KIND:
        return False
    return (node.field or "").startswith(PROPERTIES)


def leaves(node: Node, now: datetime, zone: ZoneInfo) -> Iterator[Leaf]:
    """Yield what of a rule or value is judged person by person, each at its instant."""
    if is_odd(node) or is_said(node):
        yield Leaf(node, now, is_odd(node))  # type: ignore[arg-type] # both kinds are rules or values
    elif isinstance(node, AsOf):
        at = instant_of(node, now, zone)
        if at is not None:
            yield from leaves(node.rule, at, zone)
    else:
        for part in parts_of(node):
            yield from leaves(part, now, zone)


def instant_of(node: AsOf, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the rule is to be judged; None: it was never to be."""
    if node.at is not None:
        return node.at if node.at <= now else None
    return before(now, node.amount or 0, node.unit, zone)


def parts_of(node: object) -> Iterator[Node]:
    """Yield the rules and values directly inside a node."""
    fields = getattr(node, "__struct_fields__", ())
    for name in fields:
        yield from _nodes_in(getattr(node, name))


def _nodes_in(part: object) -> Iterator[Node]:
    if isinstance(part, Node):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _nodes_in(one)
    elif isinstance(part, msgspec.Struct):
        yield from parts_of(part)


def asked_of(nodes: "list[Node]", level: Level) -> Asked:
    """Return what the nodes ask of a level."""
    names: set[str] = set()
    fields: set[str] = set()
    is_any = False
    for reads in _reads(nodes):
        if reads.of == level:
            is_any = is_any or not reads.events
            names.update(reads.events)
            if isinstance(reads, Measure) and reads.field:
                fields.add(reads.field)
            if reads.where is not None:
                fields.update(one.name for one in _all_in(reads.where) if isinstance(one, Field))
    return Asked(None if is_any else frozenset(names), frozenset(fields))


def _reads(nodes: "list[Node]") -> Iterator[Measure | Step]:
    for node in nodes:
        for one in _all_in(node):
            if isinstance(one, Measure):
                yield one
            elif isinstance(one, Attribute) and one.name == _KNOWN_DAYS:
                yield KNOWN_DAYS
            elif isinstance(one, Sequence):
                yield from one.steps
                if one.unless is not None:
                    yield one.unless


KNOWN_DAYS = Measure(take="days_since_first")


def _all_in(node: Node) -> Iterator[Node]:
    yield node
    for part in parts_of(node):
        yield from _all_in(part)
