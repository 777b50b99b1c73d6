"""What people of each segment have and are worth, from a build of the tags."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from domain.scoring.kinds import Words
from domain.tags.definition import Definition
from projections.batch.writing import Manifest
from projections.core_report.moving import places_of
from projections.core_report.report import TypicalTag
from projections.lake.store import UrlStore

VALUES: Final = ("spend_90d", "spend_365d", "ltv")
_MOST: Final = 8
# What a handful of people have is typical of nobody; what nearly all have, of nobody either.
_LEAST_SHARE: Final = 0.05
_LEAST_LIFT: Final = 1.2


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """Of each segment: how many the build knows, the sums of `VALUES` and of how many they are, and typical tags."""

    at: datetime
    people: NDArray[np.float64]
    sums: dict[str, NDArray[np.float64]]
    known: dict[str, NDArray[np.float64]]
    typical: list[list[TypicalTag]]


def worth(
    store: UrlStore, manifest: Manifest, scores: pa.Table, keys: Sequence[str], tags: Mapping[str, Definition]
) -> Worth:
    """Read a build beside the labels of a run; a file of it at a time. Blocks."""
    size = len(keys)
    flags = [key for key, kind in manifest.kinds.items() if kind == "flag" and key in tags]
    values = [key for key in VALUES if manifest.kinds.get(key) == "number"]
    labels = places_of(scores, keys)
    people, everybody = np.zeros(size), 0.0
    having = {key: np.zeros(size + 1) for key in flags}
    sums, known = ({key: np.zeros(size) for key in values} for _ in range(2))
    for file in manifest.files:
        columns = ["profile_id", *flags, *values]
        table = pq.read_table(store.path(file.path), filesystem=store.filesystem, columns=columns)
        found: Any = pc.index_in(table["profile_id"], scores["profile_id"]).fill_null(-1)
        rows = np.asarray(found.to_numpy(), np.int64)
        place = np.where(rows < 0, size, labels[np.maximum(rows, 0)]) if labels.size else np.full(rows.size, size)
        place = np.where(place < 0, size, place)
        people += np.bincount(place, minlength=size + 1)[:size]
        everybody += rows.size
        for key in flags:
            having[key] += np.bincount(place, weights=_filled(table[key]), minlength=size + 1)
        for key in values:
            present = np.asarray(table[key].is_valid().to_numpy(), np.float64)
            sums[key] += np.bincount(place, weights=_filled(table[key]), minlength=size + 1)[:size]
            known[key] += np.bincount(place, weights=present, minlength=size + 1)[:size]
    typical = [_typical(place, having, people, everybody, tags) for place in range(size)]
    return Worth(at=manifest.instant, people=people, sums=sums, known=known, typical=typical)


def _filled(column: Any) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).fill_null(0.0).to_numpy(), np.float64)


def _typical(
    place: int,
    having: Mapping[str, NDArray[np.float64]],
    people: NDArray[np.float64],
    everybody: float,
    tags: Mapping[str, Definition],
) -> list[TypicalTag]:
    if not people[place]:
        return []
    found = []
    for key, counts in having.items():
        share, overall = counts[place] / people[place], counts.sum() / everybody
        if share >= _LEAST_SHARE and overall and share / overall >= _LEAST_LIFT:
            name = Words(tags[key].name.zh, tags[key].name.en)
            shares = {"share": round(share, 4), "everybody": round(overall, 4), "lift": round(share / overall, 2)}
            found.append(TypicalTag(key=key, name=name, **shares))
    # How much more of the segment has it than would by chance: neither rare things nor small differences come first.
    return sorted(found, key=lambda one: (one.everybody - one.share) * np.log(one.lift))[:_MOST]
