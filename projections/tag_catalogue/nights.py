"""Two builds beside each other: which tags changed for how many people, and from what to what."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.kernel.errors import InvalidInputError
from projections.tag_catalogue.comparing import Move
from projections.tag_catalogue.manifests import Build

# What reads files is loaded where it is used: it costs a second of processor time, and many never ask.
if TYPE_CHECKING:
    import pyarrow as pa

    from projections.lake.store import UrlStore

_AT_ONCE: Final = 24
_SHOWN: Final = 20
Watch = Callable[[int, int], None]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A build: as of which instant, of how many people, and how many tags."""

    at: datetime
    people: int
    tags: int
    refused: dict[str, str]


class TagChange(msgspec.Struct, frozen=True, kw_only=True):
    """For how many people a tag is another: of these it `appeared` and `vanished`, and numbers `rose` or `fell`.

    `moves` are the most frequent ones.
    """

    key: str
    changed: int
    appeared: int
    vanished: int
    rose: int
    fell: int
    moves: list[Move]


class BuildDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Two builds: `people` are in both, others `arrived` or are `gone` (or one with others); the most changed first.

    `added` and `removed` are tags that one of the builds does not have.
    """

    before: datetime
    after: datetime
    people: int
    arrived: int
    gone: int
    tags: list[TagChange]
    added: list[str]
    removed: list[str]


def shown(manifest: Build) -> Built:
    """Return a build as it is listed."""
    return Built(at=manifest.instant, people=manifest.rows, tags=len(manifest.kinds), refused=manifest.refused)


def pair_of(found: Sequence[Build], before: datetime | None, after: datetime | None) -> tuple[Build, Build]:
    """Return the last builds at or before two instants: the last one, and the one before that, unless given."""
    late = [one for one in found if after is None or one.instant <= after]
    early = [one for one in late[1:] if one.instant <= (before or late[0].instant)] if late else []
    if not early:
        dates = ", ".join(f"{one.instant:%FT%TZ}" for one in found[:5]) or "none"
        detail = f"two builds are compared, and there are not two until then; there are: {dates}"
        raise InvalidInputError(detail, field="before" if late else "after")
    return early[0], late[0]


async def between(
    lake_url: str,
    pair: tuple[Build, Build],
    keys: Sequence[str] = (),
    watch: Watch = lambda _done, _of: None,
) -> BuildDifference:
    """Return what changed from one build to another, in these tags or in all."""
    from projections.lake.store import UrlStore

    return await asyncio.to_thread(_between, UrlStore(lake_url), pair, keys, watch)


def _between(store: "UrlStore", pair: tuple[Build, Build], keys: Sequence[str], watch: Watch) -> BuildDifference:
    import pyarrow.compute as pc

    before, after = pair
    ids = _read(store, before, ["profile_id"])["profile_id"], _read(store, after, ["profile_id"])["profile_id"]
    places = pc.index_in(ids[1], value_set=ids[0].combine_chunks())
    is_in_both = pc.is_valid(places)
    shared = [key for key in after.kinds if before.kinds.get(key) == after.kinds[key] and (not keys or key in keys)]
    changes: list[TagChange] = []
    for start in range(0, len(shared), _AT_ONCE):
        some = shared[start : start + _AT_ONCE]
        old = _read(store, before, some).take(places.drop_null())
        new = _read(store, after, some).filter(is_in_both)
        changes += [_change(key, old[key], new[key]) for key in some]
        watch(start + len(some), len(shared))
    people = len(places) - places.null_count
    return BuildDifference(
        before=before.instant,
        after=after.instant,
        people=people,
        arrived=len(ids[1]) - people,
        gone=len(ids[0]) - people,
        tags=sorted((one for one in changes if one.changed), key=lambda one: (-one.changed, one.key)),
        added=sorted(after.kinds.keys() - before.kinds.keys()),
        removed=sorted(before.kinds.keys() - after.kinds.keys()),
    )


def _read(store: "UrlStore", manifest: Build, columns: list[str]) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [
        pq.read_table(store.path(file.path), filesystem=store.filesystem, columns=columns) for file in manifest.files
    ]
    return pa.concat_tables(tables)


def _change(key: str, old: Any, new: Any) -> TagChange:
    import pyarrow as pa
    import pyarrow.compute as pc

    differs = pc.not_equal(old, new).fill_null(fill_value=False)
    appeared = pc.and_(pc.is_null(old), pc.is_valid(new))
    vanished = pc.and_(pc.is_valid(old), pc.is_null(new))
    changed = pc.or_(differs, pc.or_(appeared, vanished))
    pairs = pa.table({"before": old, "after": new}).filter(changed)
    counted = pairs.group_by(["before", "after"]).aggregate([([], "count_all")])
    first = counted.sort_by([("count_all", "descending"), ("before", "ascending"), ("after", "ascending")])
    is_number = pa.types.is_floating(old.type) or pa.types.is_integer(old.type)
    return TagChange(
        key=key,
        changed=pairs.num_rows,
        appeared=_count(appeared),
        vanished=_count(vanished),
        rose=_count(pc.greater(new, old)) if is_number else 0,
        fell=_count(pc.less(new, old)) if is_number else 0,
        moves=[
            Move(before=one["before"], after=one["after"], people=one["count_all"])
            for one in first.slice(0, _SHOWN).to_pylist()
        ],
    )


def _count(flags: Any) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(flags).as_py() or 0)
