"""All that batch reads: staged files of the lake, what is not in files yet, who is who, and what was said of people."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, Final

import asyncpg
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from domain.activity.fields import Fields, declared
from domain.activity.occurrences import Day
from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.history import History
from domain.kernel.rules.tree import Level
from domain.kernel.rules.world import World
from projections.batch.directory import Directory, GraphDirectory, products_table
from projections.batch.news import news_since
from projections.batch.place import Place
from projections.batch.staging.stage import Staged, Stager, Watch
from projections.engine.projection import Reading
from projections.lake import queries as lake
from projections.lake import reading as log
from projections.lake.parquet import BUCKETS, LakeFile
from projections.lake.store import UrlStore
from projections.model_scorecard.queries import live_runs
from projections.products import queries as products
from projections.segment_lists.queries import listings

# The words about some profiles, given the customers each is made of: histories without events.
Words = Callable[[Mapping[str, Iterable[str]]], Awaitable[Mapping[str, History]]]
# The circumstances of regions at instants of some days, the weather included.
Around = Callable[[Collection[date]], Awaitable[Callable[[str | None, datetime], Mapping[str, Any]]]]
# The customers (a column customer_id) of whom something was told after a position of the log.
News = Callable[[int], Awaitable[pa.Table]]
# A part is read at once: with more rows in it than this there are more parts.
MOST_ROWS: Final = 3_000_000
FEW_ROWS: Final = 1_000_000
_CHUNK: Final = 5_000


async def no_words(members: Mapping[str, Iterable[str]]) -> Mapping[str, History]:
    """Return people of whom nothing was said."""
    return {one: History(profile_id=one, customers=frozenset(group)) for one, group in members.items()}


class Lakehouse(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one moment: everything of the log up to `position`.

    `files` are the staged files of each level by bucket, as `filesystem` names them; `withdrawn` those that tell which
    facts were taken back; `tail` is what the log holds beyond; together `rows` facts. `world` is what rules know beside
    people, `day` what the calendar says of a day, `around` the circumstances with the weather of some days. `news`
    tells of whom something was told after a position, and `marks` what else values are made of, by name: what has
    another mark has changed. `digits` of a profile's id tell its part: little data is one part, else there are 16 or
    256.
    """

    files: Mapping[Level, Mapping[int, tuple[str, ...]]]
    directory: Directory
    world: World
    withdrawn: tuple[str, ...] = ()
    tail: Staged | None = None
    words: Words = no_words
    day: Callable[[date], Day | None] = lambda _: None
    fields: Fields = msgspec.field(default_factory=declared)
    products: pa.Table | None = None
    filesystem: Any = None
    position: int = 0
    rows: int = 0
    around: Around | None = None
    news: News | None = None
    marks: Mapping[str, str] = {}
    digits: int = 1

    @property
    def parts(self) -> list[str]:
        """The parts: how the ids of their profiles begin."""
        return [f"{number:0{self.digits}x}" for number in range(16**self.digits)] if self.digits else [""]

    def files_of(self, level: Level, part: str) -> tuple[str, ...]:
        """Return the files that hold the customers whose ids begin so."""
        buckets = [int(part[0], BUCKETS)] if part else sorted(self.files[level])
        return tuple(file for bucket in buckets for file in self.files[level].get(bucket, ()))

    def columns(self, level: Level) -> frozenset[str]:
        """Return the columns that staged rows have: made-up data may have fewer than what is staged here."""
        for paths in self.files[level].values():
            for path in paths:
                return frozenset(pq.read_schema(path, filesystem=self.filesystem).names)
        tail = None if self.tail is None else getattr(self.tail, level)
        return frozenset() if tail is None else frozenset(tail.schema.names)


def _unwatched(_done: int, _of: int) -> None:
    pass


async def opened(
    connection: asyncpg.Connection,
    place: Place,
    world: World,
    *,
    words: Words = no_words,
    day: Callable[[date], Day | None] = lambda _: None,
    around: Around | None = None,
    watch: Watch = _unwatched,
) -> Lakehouse:
    """Return everything the log holds, staging the files of the lake that are not staged yet.

    Interrupted, it goes on with the files that are missing. `watch` is told of each file.
    """
    fields = declared()
    stager = Stager(fields, Vocabulary.load(), world.zone)
    store = UrlStore(place.lake_url)
    extent = await lake.extent(connection)
    await asyncio.to_thread(stager.stage, store, extent.files, watch)
    tail = stager.staged(await asyncio.to_thread(log.read_facts, place.database_url, extent.ranges))
    done = await asyncio.to_thread(stager.done, store)
    rows = sum(file.rows for file in extent.files)
    return Lakehouse(
        files={level: _by_bucket(extent.files, stager, store, level, done) for level in ("events", "items")},
        withdrawn=tuple(store.path(path) for file in extent.files if (path := stager.path("withdrawn", file)) in done),
        tail=tail,
        directory=GraphDirectory(place.database_url),
        world=world,
        words=words,
        day=day,
        around=around,
        fields=fields,
        products=await _catalogue(connection, fields),
        filesystem=store.filesystem,
        position=extent.upto,
        rows=rows + tail.events.num_rows,
        news=partial(news_since, place.database_url),
        marks={"staging": stager.prefix, **await _marks(connection)},
        digits=_digits(rows),
    )


def _digits(rows: int) -> int:
    # A query of hundreds of tags takes seconds to make ready, each time: little data is asked once.
    if rows <= FEW_ROWS:
        return 0
    return 1 if rows <= MOST_ROWS * BUCKETS else 2


def _by_bucket(
    files: Iterable[LakeFile], stager: Stager, store: UrlStore, level: str, done: frozenset[str]
) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for file in files:
        path = stager.path(level, file)
        if path in done and file.bucket is not None:
            found.setdefault(file.bucket, []).append(store.path(path))
    return {bucket: tuple(paths) for bucket, paths in found.items()}


async def _marks(reading: Reading) -> dict[str, str]:
    """Return what is known of lists of people and runs of models, each as a digest."""
    known = {"lists": await listings(reading), "models": await live_runs(reading)}
    written = {name: msgspec.json.encode(one, order="deterministic") for name, one in known.items()}
    return {name: hashlib.sha256(one).hexdigest()[:16] for name, one in written.items()}


async def _catalogue(reading: Reading, fields: Fields) -> pa.Table:
    ids = sorted({row["item_id"] for row in await reading.fetch("SELECT item_id FROM products.product")})
    rows: list[tuple[str, dict[str, Any]]] = []
    for start in range(0, len(ids), _CHUNK):
        told = await products.items(reading, ids[start : start + _CHUNK])
        rows += [(item_id, dict(attributes)) for item_id, attributes in told.items()]
    return products_table(rows, fields)
