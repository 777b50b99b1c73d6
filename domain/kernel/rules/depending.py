"""What rules depend on: which events can turn them, where a value comes from, what may not be taken away."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from domain.kernel.rules.tree import (
    Attribute,
    Consented,
    Context,
    Field,
    Identified,
    InSegment,
    Level,
    Measure,
    Prediction,
    Rule,
    Step,
    Tag,
    Tagged,
    Value,
)
from domain.kernel.rules.walking import inside
from domain.kernel.rules.world import REGION

# Attributes that are not said, and what they follow from.
DERIVED: Final = {"age": "birthday", "days_to_birthday": "birthday", "member_days": "joined_at", "known_days": None}


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule or a value looks at, by name.

    `behaviour`: any event that is behaviour, whatever its name. `fields` with the level they are of, also those that
    are summed up. `tags` and `segments` are those that stand in it unresolved; `words` the tags of sources.
    """

    events: frozenset[str] = frozenset()
    behaviour: bool = False
    fields: frozenset[tuple[Level, str]] = frozenset()
    attributes: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    contexts: frozenset[str] = frozenset()
    consents: frozenset[tuple[str, str]] = frozenset()
    words: frozenset[str] = frozenset()
    identifiers: frozenset[str] = frozenset()


def depends_on(node: Rule | Value) -> Dependencies:
    """Return what a rule or a value looks at."""
    found: dict[str, set[Any]] = {}
    for _, one in inside(node):
        if (note := _NOTES.get(type(one))) is not None:
            note(one, found)
    return Dependencies(
        behaviour=bool(found.pop("behaviour", None)), **{name: frozenset(names) for name, names in found.items()}
    )


def _note(found: dict[str, set[Any]], name: str, *keys: object) -> None:
    found.setdefault(name, set()).update(keys)


def _attribute(node: Attribute, found: dict[str, set[Any]]) -> None:
    said = DERIVED.get(node.name, node.name)
    if said is None:
        _note(found, "behaviour", "any")
    else:
        _note(found, "attributes", said)


def _looked_at(node: Measure | Step, found: dict[str, set[Any]]) -> None:
    if node.events:
        _note(found, "events", *node.events)
    else:
        _note(found, "behaviour", "any")
    if isinstance(node, Measure) and node.field is not None:
        _note(found, "fields", (node.of, node.field))
    if node.where is not None:
        _note(found, "fields", *((node.of, one.name) for _, one in inside(node.where) if isinstance(one, Field)))


def _context(node: Context, found: dict[str, set[Any]]) -> None:
    _note(found, "contexts", node.name)
    _note(found, "attributes", REGION)  # it is looked at where she is


_NOTES: Final[dict[type, Callable[[Any, dict[str, set[Any]]], None]]] = {
    Measure: _looked_at,
    Step: _looked_at,
    Attribute: _attribute,
    Tag: lambda node, found: _note(found, "tags", node.key),
    InSegment: lambda node, found: _note(found, "segments", node.key),
    Prediction: lambda node, found: _note(found, "models", node.model),
    Context: _context,
    Consented: lambda node, found: _note(found, "consents", (node.channel, node.purpose)),
    Tagged: lambda node, found: _note(found, "words", node.key),
    Identified: lambda node, found: _note(found, "identifiers", node.identifier),
}
