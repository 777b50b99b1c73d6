"""Try a tag before it is saved: what it says, how its values are spread, and where some people get theirs from."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.kernel.rules.reading import Problem
from domain.kernel.rules.saying import Sentence
from domain.tags.breadth import text_places
from domain.tags.definition import Definition, Type
from domain.tags.sentence import sentence
from domain.tags.shipped import shipped
from projections.live_tags.queries import Explained, explained_each
from projections.rule_names.queries import Names
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.checking import CheckedTag
from projections.tag_catalogue.counting import Distribution, distribution

_SAMPLE = 5


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What a tag would be: as a sentence, over everybody, and of some people, each with the evidence."""

    says: Sentence
    distribution: Distribution
    people: list[Explained]
    warnings: list[Problem]


async def tried(everybody: Everybody, tag: Definition, checked: CheckedTag, names: Names, at: datetime) -> Tried:
    """Work a tag out for everybody as of an instant; raises `TooManyValuesError`."""
    async with everybody.turn:
        lakehouse = await everybody.lakehouse()
        spread = await distribution(lakehouse, checked, tag.type, at, sample=_SAMPLE, most=everybody.tag_values)
    people = await explained_each(everybody, tag, names.definitions, map(UUID, spread.sample), at)
    return Tried(
        says=sentence(tag, names.labels, shipped().units),
        distribution=spread,
        people=people,
        warnings=list(checked.warnings),
    )


async def check_breadth(everybody: Everybody, type_: Type, checked: CheckedTag, at: datetime) -> None:
    """Ask everybody how many different texts a tag would have; raises `TooManyValuesError`."""
    if type_ == "text" and any(text_places(checked.value)):
        async with everybody.turn:
            await distribution(await everybody.lakehouse(), checked, type_, at, most=everybody.tag_values)
