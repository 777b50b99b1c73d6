"""How many different texts a tag may have: what has nearly as many as there are people names people, and not kinds."""

from collections.abc import Iterator
from typing import Final

from domain.kernel.rules.tree import Attribute, Case, Measure, Tag, Take, Value
from domain.tags.errors import TooManyValuesError

# So many different texts a tag may have, unless a setting says otherwise. Numbers may be as many as they like.
MOST_VALUES: Final = 10_000
_AS_IT_IS: Final[frozenset[Take]] = frozenset({"first", "last", "top"})


def text_places(value: Value, place: str = "value") -> Iterator[tuple[str, str]]:
    """Yield what the texts of a value come from: its dotted path, and the name of the field, attribute or tag there.

    Texts that are written down, that a model says or that are circumstances are few.
    """
    match value:
        case Measure(take=take, field=str() as field) if take in _AS_IT_IS:
            yield f"{place}.field", field
        case Attribute(name=name):
            yield f"{place}.name", name
        case Tag(key=key):
            yield f"{place}.key", key
        case Case(cases=cases, otherwise=otherwise):
            for index, one in enumerate(cases):
                yield from text_places(one.then, f"{place}.cases.{index}.then")
            if otherwise is not None:
                yield from text_places(otherwise, f"{place}.otherwise")


def too_many(value: Value, most: int, people: int) -> TooManyValuesError:
    """Return the error of a value that has more different texts than `most`, seen among so many people."""
    places = list(text_places(value)) or [("value", "this value")]
    names = " or ".join(dict.fromkeys(name for _, name in places))
    detail = (
        f"{places[0][0]}: {names} has more than {most:,} different values among {people:,} people, so the tag names "
        "people and not kinds of people: take a field with fewer values (category_group instead of product_id), count "
        "them (distinct), or ask for one of them in a rule's `where`"
    )
    return TooManyValuesError(detail, field=places[0][0])
