"""What is made of a segment: other segments and tags whose rules name it, campaigns whose journeys look at it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from domain.activity.membership import MEMBERSHIP
from domain.campaigns.campaign import Campaign
from domain.kernel.rules.depending import depends_on
from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.tree import Rule, Value
from projections.engine.projection import Reading

# The last design of each campaign, and the one that customers enter, if another.
_DESIGNS: Final = """
    SELECT c.campaign_id, c.name, d.state
    FROM campaign_overview.campaign AS c JOIN decision_log AS d ON d.originator_id = c.campaign_id
    WHERE d.topic = $1 ORDER BY c.name, c.campaign_id
"""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What names the segment: a segment or a tag by its key, a campaign by its id; and what it is called."""

    kind: Literal["segment", "tag", "campaign"]
    id: str
    name: str


class _Designed(msgspec.Struct):
    journey: dict[str, Any]


_designed = msgspec.json.Decoder(_Designed).decode


async def used_by(reading: Reading, key: str, definitions: Definitions) -> list[Use]:
    """Return what would be worse off without the segment with this key."""
    segments = {one: rule for one, rule in definitions.segments.items() if rule is not None and one != key}
    found = [Use(kind="segment", id=one, name=one) for one in _naming(key, segments)]
    found += [Use(kind="tag", id=one, name=one) for one in _naming(key, definitions.tags)]
    campaigns: dict[str, Use] = {}
    for row in await reading.fetch(_DESIGNS, Campaign.Designed.TOPIC):
        if _names(_designed(row["state"]).journey, key):
            campaign_id = str(row["campaign_id"])
            campaigns[campaign_id] = Use(kind="campaign", id=campaign_id, name=row["name"])
    return [*found, *campaigns.values()]


def _naming(key: str, made: Mapping[str, Rule] | Mapping[str, Value]) -> list[str]:
    return sorted(one for one, node in made.items() if key in depends_on(node).segments)


def _names(journey: dict[str, Any], key: str) -> bool:
    """Say whether a journey looks at who comes into the segment, or leaves it."""
    texts = set(_texts(journey))
    return key in texts and not MEMBERSHIP.isdisjoint(texts)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
