"""What a tag of the catalogue means: sentences, unit, weights, what it is made of, what it rests on, its versions."""

import msgspec

from domain.kernel.rules.phrases.labels import Labels
from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.saying import Sentence
from domain.tags.definition import Words
from domain.tags.lineage import lineage
from domain.tags.sentence import FRESHNESS, MadeOf, Weight, made_of, sentence, weights
from domain.tags.shipped import shipped
from projections.engine.projection import Reading
from projections.tag_catalogue.origins import Lineage, origins
from projections.tag_catalogue.queries import Listed, Version, versions


class TagShown(msgspec.Struct, frozen=True, kw_only=True):
    """A tag of the catalogue: what it `says` (its value as a sentence), how fresh it is, its versions, newest first.

    `weights` are those of a score. `made_of` says the tags and segments in it as sentences of their own, theirs
    included; `lineage` goes down to fields and sources.
    """

    tag: Listed
    group: Words
    unit: Words | None
    says: Sentence
    freshness: Words
    weights: list[Weight]
    made_of: list[MadeOf]
    lineage: Lineage
    versions: list[Version]


async def meaning(reading: Reading, tag: Listed, definitions: Definitions, labels: Labels) -> TagShown:
    """Return what a tag means as it stands in the catalogue."""
    one, catalogue = tag.definition, shipped()
    return TagShown(
        tag=tag,
        group=catalogue.groups[one.group].name,
        unit=catalogue.units.get(one.unit),
        says=sentence(one, labels, catalogue.units),
        freshness=FRESHNESS[one.freshness],
        weights=weights(one.value, labels),
        made_of=made_of(one.value, definitions, labels),
        lineage=await origins(reading, lineage(one.value, definitions), labels),
        versions=await versions(reading, one.key),
    )
