"""What a build keeps out: texts with nearly as many values as there are people, and the reason in its manifest."""

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.kernel.rules.tree import Value
from domain.tags.breadth import text_places, too_many
from projections.batch.writing import Manifest
from projections.lake.store import UrlStore


def narrowed(store: UrlStore, manifest: Manifest, values: Mapping[str, Value], most: int) -> Manifest:
    """Return a build without the tags that have more than `most` different texts. Blocks.

    `values` are the tags as they are defined. Their columns stay in the files, and nobody reads them.
    """
    texts = [key for key, kind in manifest.kinds.items() if kind == "text" and any(text_places(values[key]))]
    wide = {key for key in texts if _is_wide(store, manifest, key, most)}
    refused = {key: too_many(values[key], most, manifest.rows).detail for key in sorted(wide)}
    kinds = {key: kind for key, kind in manifest.kinds.items() if key not in wide}
    return msgspec.structs.replace(manifest, kinds=kinds, refused={**manifest.refused, **refused})


def _is_wide(store: UrlStore, manifest: Manifest, key: str, most: int) -> bool:
    seen: set[str | None] = set()
    for one in _different(store, manifest, key):
        seen.update(one)
        if len(seen) > most:
            return True
    return False


def _different(store: UrlStore, manifest: Manifest, key: str) -> Iterable[list[str | None]]:
    for file in manifest.files:
        column = pq.read_table(store.path(file.path), filesystem=store.filesystem, columns=[key])[key]
        yield pc.unique(column).drop_null().to_pylist()
