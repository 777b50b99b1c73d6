"""What a tag rests on, down to where it stands: events and the sources that tell them, fields and their paths."""

from collections.abc import Iterable
from typing import Final

import msgspec

from domain.activity.fields import PROPERTIES, declared
from domain.kernel.rules.depending import Dependencies
from domain.kernel.rules.phrases.labels import Labels, called
from domain.kernel.rules.tree import Level
from domain.tags.definition import Words
from projections.engine.projection import Reading

# Sources are those of the last facts alone: looking through all of history takes minutes.
_LOOKED_AT: Final = 100_000
_SOURCES: Final = """
    SELECT DISTINCT name, source FROM (SELECT name, source FROM fact_log ORDER BY fact_id DESC LIMIT $2) AS lately
    WHERE name = ANY($1) ORDER BY name, source
"""


class EventOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is looked at, and the sources that told it lately (of the last 100,000 facts of all)."""

    event: str
    name: Words
    sources: list[str]


class FieldOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is looked at: where the body of a fact says it, else which attributes of the product do.

    A field without either is worked out from the rest of the fact.
    """

    level: Level
    field: str
    name: Words
    paths: list[str]
    product: list[str]


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """What a tag rests on; `behaviour`: on anything that people do. `tags` and `segments` are those that it names."""

    events: list[EventOrigin]
    behaviour: bool
    fields: list[FieldOrigin]
    attributes: list[str]
    tags: list[str]
    segments: list[str]
    models: list[str]
    contexts: list[str]
    consents: list[str]
    words: list[str]
    identifiers: list[str]


async def origins(reading: Reading, found: Dependencies, labels: Labels) -> Lineage:
    """Return what a tag rests on with its sources."""
    sources: dict[str, list[str]] = {}
    if found.events:
        for row in await reading.fetch(_SOURCES, sorted(found.events), _LOOKED_AT):
            sources.setdefault(row["name"], []).append(row["source"])
    return Lineage(
        events=[
            EventOrigin(event=one, name=_words(labels, one), sources=sources.get(one, []))
            for one in sorted(found.events)
        ],
        behaviour=found.behaviour,
        fields=[_field(level, name, labels) for level, name in sorted(found.fields)],
        attributes=sorted(found.attributes),
        tags=sorted(found.tags),
        segments=sorted(found.segments),
        models=sorted(found.models),
        contexts=sorted(found.contexts),
        consents=sorted(f"{channel}/{purpose}" for channel, purpose in found.consents),
        words=sorted(found.words),
        identifiers=sorted(found.identifiers),
    )


def _words(labels: Labels, event: str) -> Words:
    label = called(labels.events, event)
    return Words(zh=label.zh, en=label.en)


def _field(level: Level, name: str, labels: Labels) -> FieldOrigin:
    label, field = labels.field(name, level), declared().of(level).get(name)
    return FieldOrigin(
        level=level,
        field=name,
        name=Words(zh=label.zh, en=label.en),
        paths=list(field.paths if field else _property(name)),
        product=list(field.product) if field else [],
    )


def _property(name: str) -> Iterable[str]:
    return (name.removeprefix(PROPERTIES),)
