"""Check a tag as it is told: what its value is made of, that it goes in no circle, that weights are of a score."""

from collections.abc import Iterator

import msgspec

from domain.kernel.rules.depending import depends_on
from domain.kernel.rules.known import Known
from domain.kernel.rules.reading import Problem, read_value
from domain.kernel.rules.resolving import (
    CycleError,
    Definitions,
    TooLargeError,
    UndefinedError,
    place_at_fault,
    resolve,
)
from domain.kernel.rules.tree import Tag, Value
from domain.tags.errors import TagTermsError
from domain.tags.shipped import shipped
from domain.tags.tag import Terms


class CheckedTag(msgspec.Struct, frozen=True, kw_only=True):
    """A value as it was told and as it is judged, and what to warn of."""

    value: Value
    resolved: Value
    warnings: tuple[Problem, ...]


def checked_terms(key: str, terms: Terms, known: Known, definitions: Definitions) -> CheckedTag:
    """Check what a version of a tag says; raises `TagTermsError`, `RuleError`, `CycleError` and its like."""
    catalogue = shipped()
    if terms.group not in catalogue.groups:
        raise TagTermsError(f"there is no group {terms.group}; there are {', '.join(catalogue.groups)}", field="group")
    if terms.unit and terms.unit not in catalogue.units:
        raise TagTermsError(f"there is no unit {terms.unit}; there are {', '.join(catalogue.units)}", field="unit")
    return checked_value(key, terms.value, known, definitions)


def checked_value(key: str, data: object, known: Known, definitions: Definitions) -> CheckedTag:
    """Read the value of a tag and put in what it names, the tag itself as it is to become."""
    read = read_value(data, known, place="value")
    value: Value = read.taken()
    with_it = msgspec.structs.replace(definitions, tags={**definitions.tags, key: value})
    try:
        resolved: Value = resolve(Tag(key=key), with_it)
    except (CycleError, UndefinedError, TooLargeError) as error:
        raise type(error)(error.detail, field=place_at_fault(value, with_it, "value")) from None
    return CheckedTag(value=value, resolved=resolved, warnings=tuple(one for one in read.problems if one.is_warning))


def made_of(key: str, definitions: Definitions) -> Iterator[tuple[str, str]]:
    """Yield what names a tag: tags and segments, each with its key."""
    for one, value in sorted(definitions.tags.items()):
        if one != key and key in depends_on(value).tags:
            yield "tag", one
    for one, rule in sorted(definitions.segments.items()):
        if rule is not None and key in depends_on(rule).tags:
            yield "segment", one
