"""Build all tags of everybody as of an instant: what nothing touched since the last build is carried over from it.

Files lie in `tags/<catalogue>/<instant>/`. A run that ended early goes on with the parts that are missing. The truth is
a build that asks everything anew; one that carries over comes to the same.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

import msgspec

from projections.batch.columns import Build, Definitions, columns_of
from projections.batch.lakehouse import Lakehouse
from projections.batch.loading import DuckEngine
from projections.batch.nightly import MOST, Tables, anew, last_build, night_since, over
from projections.batch.place import TAGS
from projections.batch.running import Engines
from projections.batch.surroundings import surroundings
from projections.batch.writing import (
    Manifest,
    Origin,
    finish,
    finished,
    read_json,
    write,
    write_json,
    written,
)
from projections.lake.store import UrlStore

_BEGUN = "begun.json"
# Told after each part: how many of how many are built.
Watch = Callable[[int, int], None]


class _Begun(msgspec.Struct, frozen=True):
    position: int


def _unwatched(_done: int, _of: int) -> None:
    pass


async def build_tags(
    lakehouse: Lakehouse,
    definitions: Definitions,
    now: datetime,
    store: UrlStore,
    *,
    watch: Watch = _unwatched,
    engines: Engines = DuckEngine,
    most: float = MOST,
) -> Manifest:
    """Build the tags as of an instant (UTC); returns the manifest, at once if the build is finished already.

    If more than a share of `most` of the people were touched, or of the columns are others, nothing is carried over;
    nothing ever is if it is 0.
    """
    folder = f"{TAGS}/{definitions.digest}/{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    if (manifest := await asyncio.to_thread(finished, store, folder)) is not None:
        return manifest
    begun = await asyncio.to_thread(_begin, store, folder, lakehouse.position)
    build = Build(lakehouse, columns_of(definitions, now, lakehouse.world.zone), now, engines)
    marks = await asyncio.to_thread(surroundings, build, now)
    done = await asyncio.to_thread(written, store, folder, lakehouse.parts)
    missing = [part for part in lakehouse.parts if part not in done]
    watch(len(done), len(lakehouse.parts))
    origin, tables = await _tables(build, store, missing, most)
    async with aclosing(tables):
        async for part, table in tables:
            done[part] = await asyncio.to_thread(write, store, folder, part, table)
            watch(len(done), len(lakehouse.parts))
    files = tuple(done[part] for part in lakehouse.parts)
    known = build.columns.known
    manifest = Manifest(
        instant=now,
        catalogue=definitions.digest,
        position=begun.position,
        kinds=definitions.kinds,
        files=files,
        columns=known,
        surroundings=marks,
        origin=origin,
    )
    await asyncio.to_thread(finish, store, folder, manifest)
    return manifest


async def _tables(build: Build, store: UrlStore, parts: Sequence[str], most: float) -> tuple[Origin, Tables]:
    """Return where the values come from, and the tables of the parts."""
    if not parts:
        return Origin(), anew(build, parts)
    base = await asyncio.to_thread(last_build, store, build.now) if most else None
    if base is None:
        return Origin(why="first" if most else "asked"), anew(build, parts)
    night = await night_since(base, build, store, parts, most)
    return (night, anew(build, parts)) if isinstance(night, Origin) else (night.origin, over(night, build, parts))


def _begin(store: UrlStore, folder: str, position: int) -> _Begun:
    begun: _Begun | None = read_json(store, f"{folder}/{_BEGUN}", _Begun)
    if begun is None:
        begun = _Begun(position)
        write_json(store, f"{folder}/{_BEGUN}", begun)
    return begun
