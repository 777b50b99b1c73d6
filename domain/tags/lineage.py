"""What a tag rests on, derived from its definition: events, fields, attributes, tags, models; and how fresh it is."""

from typing import Final

import msgspec

from domain.kernel.rules.depending import Dependencies, depends_on
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import Value
from domain.tags.definition import Freshness

# What is inferred once a night, not as things happen.
_NIGHTLY: Final = frozenset({"purchase_interval_days"})


def lineage(value: Value, definitions: Definitions) -> Dependencies:
    """Return all that a value rests on; `tags` and `segments` are those that it names itself."""
    itself = depends_on(value)
    whole = depends_on(resolve(value, definitions))
    return msgspec.structs.replace(whole, tags=itself.tags, segments=itself.segments)


def freshness_of(resolved: Value) -> Freshness:
    """Return how fresh a resolved value is."""
    rests_on = depends_on(resolved)
    if rests_on.models:
        return "model"
    return "nightly" if rests_on.attributes & _NIGHTLY else "live"
