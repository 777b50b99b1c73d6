"""The tags of a catalogue as batch builds them."""

from collections.abc import Mapping
from typing import Final

from domain.kernel.rules.resolving import Definitions as Named
from domain.kernel.rules.resolving import resolve
from domain.tags.definition import Definition, Type
from projections.batch.columns import Definitions
from projections.batch.compiling.compiled import Kind

_KINDS: Final[Mapping[Type, Kind]] = {
    "boolean": "flag",
    "number": "number",
    "money": "number",
    "share": "number",
    "text": "text",
}


def kind_of(type_: Type) -> Kind:
    """Return the kind of value that tags of a type have."""
    return _KINDS[type_]


def definitions_of(tags: Mapping[str, Definition], named: Named) -> Definitions:
    """Return what to build: the tags by key, resolved by what tags and segments name."""
    return Definitions(
        {key: resolve(one.value, named) for key, one in tags.items()},
        {key: kind_of(one.type) for key, one in tags.items()},
    )
