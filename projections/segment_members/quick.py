"""Count while a rule is being written: over the last build of the tags, where the rule asks for nothing but tags."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from domain.kernel.rules.depending import depends_on
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import Rule, Value
from projections.lake.store import UrlStore

# What computes is loaded where it is used, in a thread: it costs a second of processor time, and many never ask.
if TYPE_CHECKING:
    from projections.batch.built import BuiltTags
    from projections.batch.writing import Manifest
    from projections.segment_bitmaps.judging import Bitmaps

# So many tags are held in memory; with another one more, only those that are asked for then.
_MOST_TAGS: Final = 8
_LOOK_SECONDS: Final = 30.0


class QuickCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many of all people were in as of the build of the tags."""

    at: datetime
    count: int
    people: int


class _Held(msgspec.Struct, frozen=True):
    manifest: "Manifest"
    keys: frozenset[str]
    built: "BuiltTags"
    bitmaps: "Bitmaps"


class Quick:
    """The last build of the tags, as far as rules have asked for it."""

    def __init__(self, lake_url: str) -> None:
        """Take where the lake lies."""
        self._store = UrlStore(lake_url)
        self._turn = asyncio.Lock()
        self._looked = -_LOOK_SECONDS
        self._last: Manifest | None = None
        self._held: _Held | None = None

    async def count(self, rule: Rule, definitions: Definitions) -> QuickCount | None:
        """Return how many are in by a checked rule; None: no build says it, it takes a walk through everybody."""
        named = cast("Mapping[str, Value]", dict.fromkeys(definitions.tags))
        opened: Rule = resolve(rule, Definitions(tags=named, segments=definitions.segments))
        async with self._turn:
            return await asyncio.to_thread(self._count, opened, depends_on(opened).tags, definitions)

    def _count(self, rule: Rule, keys: frozenset[str], definitions: Definitions) -> QuickCount | None:
        from projections.segment_bitmaps.judging import NotIndexedError

        manifest = self._latest()
        if manifest is None or not all(_is_meant(manifest, key, definitions) for key in keys):
            return None
        held = self._holding(manifest, keys)
        if not held.built.knows(rule):
            return None
        try:
            found = held.bitmaps.count(rule)
        except NotIndexedError:
            found = held.built.count(rule)
        return QuickCount(at=manifest.instant, count=found, people=manifest.rows)

    def _latest(self) -> "Manifest | None":
        from projections.batch.writing import builds

        if monotonic() - self._looked >= _LOOK_SECONDS:
            self._last = next(iter(builds(self._store)), None)
            self._looked = monotonic()
        return self._last

    def _holding(self, manifest: "Manifest", keys: frozenset[str]) -> _Held:
        from projections.batch.built import BuiltTags
        from projections.segment_bitmaps.judging import Bitmaps

        held = self._held
        if held is not None and held.manifest == manifest and keys <= held.keys:
            return held
        before: frozenset[str] = held.keys if held is not None and held.manifest == manifest else frozenset()
        wanted = keys | before if len(keys | before) <= _MOST_TAGS else keys
        if held is not None:
            held.built.close()
        self._held = None
        built: Any = BuiltTags.of(self._store, manifest, wanted)
        self._held = _Held(manifest, wanted, built, Bitmaps(built))
        return self._held


def _is_meant(manifest: "Manifest", key: str, definitions: Definitions) -> bool:
    """Whether a tag of the build was made by what it means today: it may have been defined anew since."""
    from projections.batch.columns import known_by

    if (kind := manifest.kinds.get(key)) is None:
        return False
    return manifest.columns.get(key) == known_by(resolve(definitions.tags[key], definitions), kind)
