"""Read what rules may name: events, fields, attributes, tags, segments, models ... with the types of their values."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.fields import declared
from domain.activity.vocabulary import Vocabulary
from domain.channels.channel import CHANNELS
from domain.identity.identifier import IdentifierType
from domain.kernel.rules.known import Known, ValueType
from domain.kernel.rules.phrases.labels import Labels
from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.tree import Level, Rule
from domain.scoring.kinds import kinds
from projections.engine.projection import Reading
from projections.model_scorecard import queries as model_scorecard
from projections.model_scorecard.queries import ModelSummary
from projections.rule_names.labels import labels
from projections.segment_catalogue import queries as segment_catalogue
from projections.tag_catalogue import queries as tag_catalogue

# Rows in no order that are looked at for names: what is rarer is known all the same once it is declared.
_EVERY: Final = 10_000
_SEEN: Final = "SELECT DISTINCT name FROM (SELECT name FROM customer_360.activity LIMIT 2000000) AS rows"
_ATTRIBUTES: Final = """
    SELECT DISTINCT key FROM (
        (SELECT key FROM customer_360.attribute LIMIT 2000000) UNION ALL
        (SELECT key FROM customer_360.word LIMIT 500000)) AS rows
"""
_TYPES: Final[Mapping[str, ValueType]] = {"text": "text", "number": "number", "money": "number", "bool": "bool"}
_TYPES_OF_TAGS: Final[Mapping[str, ValueType]] = {
    "boolean": "bool",
    "number": "number",
    "money": "number",
    "share": "number",
    "text": "text",
}
_CIRCUMSTANCES: Final[Mapping[str, ValueType]] = {
    "date": "text",
    "hour": "number",
    "part_of_day": "text",
    "weekday": "number",
    "day_kind": "text",
    "is_workday": "bool",
    "solar_term": "text",
    "lunar_date": "text",
    "festivals": "list",
    "is_shopping_festival": "bool",
    "holiday": "text",
    "weather": "text",
    "temperature_high": "number",
    "temperature_low": "number",
    "precipitation_mm": "number",
    **{f"{level}{suffix}": "text" for level in ("province", "city", "district") for suffix in ("", "_name")},
}


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What rules are checked against, what resolves them, and what things are called."""

    known: Known
    definitions: Definitions
    labels: Labels


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The events that happened, the attributes that somebody has, and the tags that the last build kept out (why)."""

    events: frozenset[str]
    attributes: frozenset[str]
    refused: Mapping[str, str] = {}


async def seen(reading: Reading) -> Seen:
    """Return what was seen so far; it takes up to a second of many people."""
    return Seen(
        events=frozenset(row["name"] for row in await reading.fetch(_SEEN)),
        attributes=frozenset(row["key"] for row in await reading.fetch(_ATTRIBUTES)),
    )


async def names(reading: Reading, so_far: Seen, zone: ZoneInfo) -> Names:
    """Return what rules may name at present; instants are told in the zone."""
    segments = await segment_catalogue.definitions(reading)
    catalogue = await tag_catalogue.catalogue(reading)
    models = await model_scorecard.models(reading, limit=_EVERY)
    vocabulary = Vocabulary.load()
    known = Known(
        events={kind.name for kind in vocabulary.kinds} | so_far.events,
        seen=so_far.events,
        fields={level: _fields(level) for level in _LEVELS},
        attributes=dict.fromkeys(so_far.attributes),
        tags={key: _TYPES_OF_TAGS.get(one.definition.type) for key, one in catalogue.tags.items()},
        refused={key: reason for key, reason in so_far.refused.items() if key in catalogue.tags},
        segments=set(segments),
        contexts=_CIRCUMSTANCES,
        models=_models(models),
        identifiers={kind.value for kind in IdentifierType},
        channels=set(CHANNELS),
    )
    made = {key: _rule(one.meant.rule if one.meant else None) for key, one in segments.items()}
    return Names(
        known=known,
        definitions=Definitions(tags=catalogue.values, segments=made),
        labels=labels(catalogue, segments, models, zone),
    )


_LEVELS: Final[tuple[Level, ...]] = ("events", "items")


def _fields(level: Level) -> dict[str, ValueType]:
    return {name: _TYPES[field.type] for name, field in declared().of(level).items()}


def _models(models: Iterable[ModelSummary]) -> dict[str, ValueType | None]:
    found: dict[str, ValueType | None] = {}
    words = kinds()
    for model in models:
        kind = words.get(model.kind)
        found[model.key] = ("text" if kind.says == "label" else "number") if kind else None
        found |= dict.fromkeys((f"{model.key}.{further}" for further in (kind.further if kind else ())), "number")
    return found


def _rule(data: dict[str, Any] | None) -> Rule | None:
    return None if data is None else msgspec.convert(data, Rule)
