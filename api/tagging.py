"""Tags as people see them: with labels in Chinese and English where the catalogue has them."""

from collections.abc import Iterable

import msgspec

from commands.identity.tag_catalogue import Catalogue
from domain.ingestion.tag_mapping import Label
from projections.customer_tags.queries import Saying, TagInUse, TagOf


class ShownTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag of a profile, what people call it (null: no mapping knows it), and who says so."""

    key: str
    value: str
    label: Label | None
    sources: tuple[Saying, ...]


class ShownTagInUse(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that customers have: how many, who says so, what it is called there; `is_mapped` by some mapping."""

    key: str
    value: str
    label: Label | None
    is_mapped: bool
    customers: int
    sources: tuple[str, ...]
    names: tuple[str, ...]


def shown(tags: Iterable[TagOf], catalogue: Catalogue) -> list[ShownTag]:
    """Return the tags of a profile with their labels."""
    return [
        ShownTag(key=one.key, value=one.value, label=catalogue.labels.get(one.key), sources=one.sayings) for one in tags
    ]


def listed(tags: Iterable[TagInUse], catalogue: Catalogue) -> list[ShownTagInUse]:
    """Return the tags in use with their labels."""
    return [
        ShownTagInUse(
            key=one.key,
            value=one.value,
            label=catalogue.labels.get(one.key),
            is_mapped=one.key in catalogue.labels,
            customers=one.customers,
            sources=one.sources,
            names=one.names,
        )
        for one in tags
    ]
