"""The tags that the last build kept out, and why: no rule can ask everybody for them."""

import asyncio
from datetime import datetime

import msgspec

from projections.lake.store import UrlStore

_MANIFEST = "/manifest.json"


class _Told(msgspec.Struct):
    instant: datetime
    refused: dict[str, str] = {}


async def refused(lake_url: str) -> dict[str, str]:
    """Return the tags by key with the reason; none where nothing was built yet."""
    return await asyncio.to_thread(_refused, UrlStore(lake_url))


def _refused(store: UrlStore) -> dict[str, str]:
    try:
        paths: list[str] = store.filesystem.find(store.path("tags"))
    except FileNotFoundError:
        return {}
    told = [
        msgspec.json.decode(store.filesystem.cat_file(path), type=_Told) for path in paths if path.endswith(_MANIFEST)
    ]
    return max(told, key=lambda one: one.instant).refused if told else {}
