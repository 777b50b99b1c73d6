"""Read the catalogue of tags: those that come with Koi, and those of one's own, which go before them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import asyncpg
import msgspec

from domain.kernel.rules.tree import Value
from domain.tags.definition import Definition, Words
from domain.tags.shipped import shipped
from domain.tags.tag import Terms
from projections.engine.projection import Reading

_OWN: Final = """
    SELECT t.key, t.tag_version, t.retired_at, t.version, d.terms FROM tag_catalogue.tag AS t
    LEFT JOIN tag_catalogue.definition AS d USING (tag_id, tag_version) ORDER BY t.key
"""
_VERSIONS: Final = """
    SELECT d.tag_version, d.how, d.terms, d.defined_at, d.defined_by FROM tag_catalogue.definition AS d
    JOIN tag_catalogue.tag AS t USING (tag_id) WHERE t.key = $1 ORDER BY d.tag_version DESC
"""

Origin = Literal["shipped", "changed", "own"]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A tag of the catalogue: its present version, and where it is from.

    `shipped` comes with Koi, `changed` was shipped and has a version of one's own, `own` was never shipped. `version`
    is that of its stream, 0 for a tag that has none.
    """

    definition: Definition
    origin: Origin
    version: int = 0


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a tag: how it came, when, and by whom; what came with Koi has neither time nor author."""

    definition: Definition
    how: str
    defined_at: datetime | None = None
    defined_by: str = ""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All tags that are not retired, by key."""

    tags: Mapping[str, Listed]
    retired: Mapping[str, datetime]

    @property
    def values(self) -> dict[str, Value]:
        """What each tag is: with these, rules and segments are resolved."""
        return {key: one.definition.value for key, one in self.tags.items()}


_terms = msgspec.json.Decoder(Terms).decode


async def catalogue(reading: Reading) -> Catalogue:
    """Return the catalogue as it is now."""
    rows = {row["key"]: row for row in await reading.fetch(_OWN)}
    tags: dict[str, Listed] = {}
    for key, definition in shipped().tags.items():
        row = rows.get(key)
        if row is None:
            tags[key] = Listed(definition=definition, origin="shipped")
        elif row["retired_at"] is None:
            tags[key] = Listed(definition=_own(row), origin="changed", version=row["version"])
    for key, row in rows.items():
        if key not in shipped().tags and row["retired_at"] is None:
            tags[key] = Listed(definition=_own(row), origin="own", version=row["version"])
    retired = {key: row["retired_at"] for key, row in rows.items() if row["retired_at"] is not None}
    return Catalogue(tags=tags, retired=retired)


async def versions(reading: Reading, key: str) -> list[Version]:
    """Return the versions of a tag, the newest first; that which came with Koi is the last."""
    found = [
        Version(
            definition=definition_of(key, row["tag_version"], _terms(row["terms"])),
            how=row["how"],
            defined_at=row["defined_at"],
            defined_by=row["defined_by"],
        )
        for row in await reading.fetch(_VERSIONS, key)
    ]
    first = shipped().tags.get(key)
    return found if first is None else [*found, Version(definition=first, how="shipped")]


def definition_of(key: str, version: int, terms: Terms) -> Definition:
    """Return a version of one's own as the catalogue shows tags."""
    value: Value = msgspec.convert(terms.value, Value)
    return Definition(
        key=key,
        group=terms.group,
        name=Words(zh=terms.name_zh, en=terms.name_en),
        meaning=Words(zh=terms.meaning_zh, en=terms.meaning_en),
        type=terms.type,
        value=value,
        unit=terms.unit,
        labels={one: Words(**words) for one, words in terms.labels.items()},
        owner=terms.owner,
        version=version,
    )


def terms_of(definition: Definition) -> Terms:
    """Return a tag of the catalogue in the terms in which it is defined anew."""
    return Terms(
        group=definition.group,
        name_zh=definition.name.zh,
        name_en=definition.name.en,
        type=definition.type,
        value=msgspec.to_builtins(definition.value),
        meaning_zh=definition.meaning.zh,
        meaning_en=definition.meaning.en,
        unit=definition.unit,
        labels={one: {"zh": words.zh, "en": words.en} for one, words in definition.labels.items()},
        owner=definition.owner,
    )


def _own(row: asyncpg.Record) -> Definition:
    return definition_of(row["key"], row["tag_version"], _terms(row["terms"]))
