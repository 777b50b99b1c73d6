"""Values: what they are taken of, and that it exists."""

import math
from collections import Counter
from typing import Final

from domain.kernel.rules.checks.finding import Finding, Findings, Surroundings, among, unknown
from domain.kernel.rules.checks.types import OF_FIELDS, OF_NONE, OF_NUMBERS, named, type_of
from domain.kernel.rules.depending import DERIVED
from domain.kernel.rules.tree import (
    Arithmetic,
    Attribute,
    Case,
    Constant,
    Context,
    Field,
    Level,
    Measure,
    Part,
    Prediction,
    Tag,
    Weighted,
)

PROPERTIES: Final = "properties."
_MOST_RANKS: Final = 1_000
_MOST_EVENTS: Final = 200


def field(node: Field, around: Surroundings) -> Findings:
    """Declared, or a property; and only where there is an event to have it."""
    if around.fields_of is None:
        yield Finding("", "a field can be asked for inside `where` only: elsewhere take a measure over it")
        return
    yield from _field("name", node.name, around.fields_of, around)


def measure(node: Measure, around: Surroundings) -> Findings:
    """A take with the field that it needs."""
    yield from events("events", node.events, around)
    within = around._replace(fields_of=node.of)
    if node.take in OF_FIELDS and node.field is None:
        yield Finding("field", f"{node.take} is taken over a field: name it, such as amount")
    elif node.take in OF_NONE and node.field is not None:
        yield Finding("field", f"{node.take} needs no field: leave it out, or take distinct over it")
    elif node.field is not None:
        yield from _field("field", node.field, node.of, around)
        kind = type_of(Field(name=node.field), within)
        if node.take in OF_NUMBERS and kind is not None and kind != "number":
            yield Finding("field", f"{node.take} is taken over numbers, and {node.field} is {named(kind)}")
    if not 1 <= node.rank <= _MOST_RANKS:
        yield Finding("rank", f"1 is the most frequent value, 2 the next one: use 1 to {_MOST_RANKS}")
    elif node.rank > 1 and node.take != "top":
        yield Finding("rank", f"{node.take} has no ranks: leave it out, or take top")


def events(place: str, names: tuple[str, ...], around: Surroundings) -> Findings:
    """Every event is declared or was seen; one that never happened is a warning."""
    if len(names) > _MOST_EVENTS:
        yield Finding(place, f"names {len(names)} events, {_MOST_EVENTS} at most; none at all means all behaviour")
    for index, name in enumerate(names[:_MOST_EVENTS]):
        here = f"{place}.{index}"
        if (missing := unknown(here, "event", name, around.known.events)) is not None:
            yield missing
        elif around.known.seen is not None and name not in around.known.seen:
            yield Finding(here, f"{name} has never happened yet", is_warning=True)


def attribute(node: Attribute, around: Surroundings) -> Findings:
    """An attribute that somebody has; others may come."""
    if node.name not in DERIVED:
        yield from among(unknown("name", "attribute", node.name, around.known.attributes, is_warning=True))


def tag(node: Tag, around: Surroundings) -> Findings:
    """A tag of the catalogue that people can be told apart by."""
    yield from among(unknown("key", "tag", node.key, around.known.tags))
    if (reason := around.known.refused.get(node.key)) is not None:
        yield Finding("key", f"the tag {node.key} is kept out of builds: {reason}")


def context(node: Context, around: Surroundings) -> Findings:
    """A circumstance."""
    yield from among(unknown("name", "circumstance", node.name, around.known.contexts))


def prediction(node: Prediction, around: Surroundings) -> Findings:
    """A model."""
    yield from among(unknown("model", "model", node.model, around.known.models))


def constant(node: Constant, _around: Surroundings) -> Findings:
    """A number that is one."""
    if isinstance(node.value, float) and not math.isfinite(node.value):
        yield Finding("value", "must be a finite number")


def arithmetic(node: Arithmetic, around: Surroundings) -> Findings:
    """Numbers, and none divided by a written zero."""
    for place, side in (("left", node.left), ("right", node.right)):
        kind = type_of(side, around)
        if kind is not None and kind != "number":
            yield Finding(place, f"{node.op} is done with numbers, and this is {named(kind)}")
    if node.op == "divide" and isinstance(node.right, Constant) and node.right.value == 0:
        yield Finding("right.value", "a division by zero is always missing: divide by another number")


def case(node: Case, around: Surroundings) -> Findings:
    """Cases of one type."""
    if not node.cases:
        yield Finding("cases", "there is no case: give one at least, or the value itself")
    kinds = {type_of(one.then, around) for one in node.cases}
    if node.otherwise is not None:
        kinds.add(type_of(node.otherwise, around))
    if len(found := sorted(kind for kind in kinds if kind)) > 1:
        yield Finding("cases", f"the cases must be of one type, and are {' and '.join(map(named, found))}")


def part(node: Part, around: Surroundings) -> Findings:
    """A rule or a number, with a weight."""
    if not math.isfinite(node.weight):
        yield Finding("weight", "must be a finite number")
    if node.rule is None and node.value is None:
        yield Finding("", "give a rule (the weight counts where it holds) or a value (the weight times it counts)")
    if node.value is not None and (kind := type_of(node.value, around)) not in {None, "number"}:
        yield Finding("value", f"a weight is multiplied by a number, and this is {named(kind)}")


def weighted(node: Weighted, _around: Surroundings) -> Findings:
    """Parts with names of their own, within a range."""
    if not node.parts:
        yield Finding("parts", "there is nothing to add up: give one part at least")
    for name, count in Counter(one.name for one in node.parts).items():
        if count > 1:
            yield Finding("parts", f"{count} parts are named {name!r}: give each its own name, by which it is tuned")
    if not (math.isfinite(node.least) and math.isfinite(node.most) and node.least < node.most):
        yield Finding("most", "must be a finite number above least")


def _field(place: str, name: str, of: Level, around: Surroundings) -> Findings:
    if name.startswith(PROPERTIES) and name != PROPERTIES:
        return
    known = around.known.fields
    what = "field of events" if of == "events" else "field of items"
    yield from among(unknown(place, what, name, None if known is None else known.get(of, {})))
