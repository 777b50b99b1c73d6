"""Read customer_tags: a profile's tags, each with who says so, and the list of all tags in use."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from projections.engine.projection import Reading

_TAGS = """
    SELECT key, value, source, name, evidence, max(occurred_at) AS occurred_at FROM customer_tags.tag
    WHERE customer_id = ANY($1) GROUP BY key, value, source, name, evidence ORDER BY key, value, source, name, evidence
"""
_IN_USE = """
    SELECT key, value, count(DISTINCT customer_id) AS customers, array_agg(DISTINCT source ORDER BY source) AS sources,
           array_agg(DISTINCT name ORDER BY name) AS names
    FROM customer_tags.tag WHERE (key, value) > ($1, $2) GROUP BY key, value ORDER BY key, value LIMIT $3
"""


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """A source that says a tag: what the tag is called there, on what evidence, and when it was said last."""

    source: str
    name: str
    evidence: str
    occurred_at: datetime


class TagOf(msgspec.Struct, frozen=True, kw_only=True):
    """A tag of a profile: `value` is "" where it has none."""

    key: str
    value: str
    sayings: tuple[Saying, ...]


class TagInUse(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that somebody has: how many customers, who says so, and what it is called there."""

    key: str
    value: str
    customers: int
    sources: tuple[str, ...]
    names: tuple[str, ...]


async def tags_of(reading: Reading, members: Collection[UUID]) -> tuple[TagOf, ...]:
    """Return the tags of a profile made of these customers."""
    sayings: dict[tuple[str, str], list[Saying]] = {}
    for row in await reading.fetch(_TAGS, list(members)):
        saying = Saying(
            source=row["source"], name=row["name"], evidence=row["evidence"], occurred_at=row["occurred_at"]
        )
        sayings.setdefault((row["key"], row["value"]), []).append(saying)
    return tuple(TagOf(key=key, value=value, sayings=tuple(said)) for (key, value), said in sayings.items())


async def in_use(reading: Reading, *, after: tuple[str, str] = ("", ""), limit: int = 50) -> list[TagInUse]:
    """Return the tags that customers have, in the order of their keys and values, from behind `after` on."""
    return [
        TagInUse(
            key=row["key"],
            value=row["value"],
            customers=row["customers"],
            sources=tuple(row["sources"]),
            names=tuple(row["names"]),
        )
        for row in await reading.fetch(_IN_USE, *after, limit)
    ]
