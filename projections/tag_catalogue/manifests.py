"""Finished builds of the tags, as their manifests in the lake tell them: read without loading what computes."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import msgspec

from projections.lake.store import UrlStore

_FOLDER = "tags"
_MANIFEST = "/manifest.json"


class File(msgspec.Struct, frozen=True):
    """A file of a build: its path below the lake, and how many people are in it."""

    path: str
    rows: int


class Build(msgspec.Struct, frozen=True):
    """A finished build: as of which instant, by which definitions, its tags with the kinds of their values, its files.

    `refused` says of tags why they were kept out.
    """

    instant: datetime
    catalogue: str
    kinds: Mapping[str, str]
    files: tuple[File, ...]
    refused: dict[str, str] = {}

    @property
    def rows(self) -> int:
        """How many people."""
        return sum(file.rows for file in self.files)


async def built(lake_url: str) -> list[Build]:
    """Return the finished builds, the latest first."""
    return await asyncio.to_thread(_built, lake_url)


def _built(lake_url: str) -> list[Build]:
    store = UrlStore(lake_url)
    try:
        paths: list[str] = store.filesystem.find(store.path(_FOLDER))
    except FileNotFoundError:
        return []
    read = store.filesystem.cat_file
    found = [msgspec.json.decode(read(path), type=Build) for path in paths if path.endswith(_MANIFEST)]
    return sorted(found, key=lambda one: one.instant, reverse=True)
