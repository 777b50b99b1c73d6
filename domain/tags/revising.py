"""Two catalogues beside each other, such as before and after an upgrade: what came, what went, what is another."""

from collections.abc import Mapping
from typing import Final

import msgspec

from domain.tags.definition import Definition

# What is compared, in the order in which people care.
_LOOKED_AT: Final = (
    "value", "type", "unit", "labels", "name", "meaning", "group", "owner", "freshness", "version",
)  # fmt: skip


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that is another now; `parts` says in what. Where `value` is among them people may have other values."""

    key: str
    parts: list[str]
    before: Definition
    after: Definition


class Revisions(msgspec.Struct, frozen=True, kw_only=True):
    """The tags that one catalogue has and the other has not, and those that both have and that differ."""

    added: list[str]
    removed: list[str]
    changed: list[Revision]


def revisions(before: Mapping[str, Definition], after: Mapping[str, Definition]) -> Revisions:
    """Return what became of a catalogue."""
    changed = []
    for key in sorted(before.keys() & after.keys()):
        old, new = before[key], after[key]
        parts = [name for name in _LOOKED_AT if _written(old, name) != _written(new, name)]
        if parts:
            changed.append(Revision(key=key, parts=parts, before=old, after=new))
    added, removed = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    return Revisions(added=added, removed=removed, changed=changed)


def _written(tag: Definition, name: str) -> bytes:
    # As JSON, because 1 and True are equal in Python.
    return msgspec.json.encode(getattr(tag, name), order="deterministic")
