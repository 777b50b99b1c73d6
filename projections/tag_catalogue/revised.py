"""The catalogue as it was when a build was made, and what became of it since."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from domain.kernel.errors import InvalidInputError, NotFoundError
from domain.tags.definition import Definition
from projections.tag_catalogue.manifests import Build
from projections.tag_catalogue.queries import Listed

if TYPE_CHECKING:
    from projections.lake.store import UrlStore

_definitions = msgspec.json.Decoder(list[Definition]).decode
_listed = msgspec.json.Decoder(Listed).decode


class NoCatalogueError(NotFoundError):
    """Nobody kept the catalogue of then."""

    code = "tag.no_catalogue"


async def kept(store: "UrlStore", catalogue: str, tags: Mapping[str, Definition]) -> None:
    """Keep a catalogue beside the builds that are made of it, which know it as `catalogue`."""
    import pyarrow as pa

    content = msgspec.json.encode(sorted(tags.values(), key=lambda one: one.key))
    await asyncio.to_thread(store.put, [(_path(catalogue), pa.py_buffer(content))])


async def catalogue_of(lake_url: str, found: list[Build], until: datetime | None) -> dict[str, Definition]:
    """Return the catalogue of the last build at or before an instant; raises `NoCatalogueError`."""
    from projections.lake.store import UrlStore

    for manifest in found:
        if until is None or manifest.instant <= until:
            content = await asyncio.to_thread(_content, UrlStore(lake_url), _path(manifest.catalogue))
            if content is not None:
                return {one.key: one for one in _definitions(content)}
    raise NoCatalogueError("no build kept the catalogue of then: it is kept with every build", field="before")


def catalogue_in(file: Path) -> dict[str, Definition]:
    """Return the catalogue in a file, as `koi tags list --json` writes it; raises `InvalidInputError`."""
    try:
        found = [_listed(line).definition for line in file.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}", field="file") from None
    except msgspec.MsgspecError as error:
        raise InvalidInputError(
            f"{file}: one line a tag, as koi tags list --json writes it: {error}", field="file"
        ) from None
    return {one.key: one for one in found}


def _content(store: "UrlStore", path: str) -> bytes | None:
    try:
        content: Any = store.filesystem.cat_file(store.path(path))
    except FileNotFoundError:
        return None
    return bytes(content)


def _path(catalogue: str) -> str:
    return f"tags/{catalogue}/catalogue.json"
