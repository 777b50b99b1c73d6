"""Build the tags of the catalogue of everybody, as of an instant, on DuckDB or on the Spark that is set."""

import asyncio
import logging
from datetime import datetime

from commands.context.own_calendar import calendar_of_home
from commands.runtime.event_store import EventStore
from commands.runtime.settings import Settings
from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.resolving import Definitions as Named
from domain.tags.definition import Definition
from projections.batch.building import Watch, build_tags
from projections.batch.columns import Definitions
from projections.batch.narrowing import narrowed
from projections.batch.nightly import MOST
from projections.batch.place import Place
from projections.batch.spark import engines
from projections.batch.tagging import definitions_of
from projections.batch.writing import Manifest, keep
from projections.lake.store import UrlStore
from projections.profile_history.surroundings import opening_with
from projections.rule_names.queries import Seen, names
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.queries import catalogue
from projections.tag_catalogue.revised import kept

log = logging.getLogger("koi.tagging")

_NOTHING_SEEN = Seen(events=frozenset(), attributes=frozenset())


def _unwatched(_done: int, _of: int) -> None:
    pass


async def build(
    store: EventStore, settings: Settings, instant: datetime, watch: Watch = _unwatched, *, is_anew: bool = False
) -> Manifest:
    """Build every tag as of an instant (UTC); a build that ended early goes on with the parts that are missing.

    What nothing touched since the last build is carried over from it, unless `is_anew`. `watch` is told of each part.
    Raises `NoSparkError` if Spark is set and cannot run.
    """
    listed = await catalogue(store.pool)
    named = (await names(store.pool, _NOTHING_SEEN, settings.zone)).definitions
    wanted = sound({key: one.definition for key, one in listed.tags.items()}, named)
    place = Place(lake_url=settings.lake_url, database_url=settings.database_url)
    opening = opening_with(store.keyring.load, store.keyring.unseal)
    everybody = Everybody(store.pool, place, settings.zone, calendar_of_home(settings.home), opening)
    async with everybody.turn:
        lakehouse = await everybody.lakehouse()
        made = await asyncio.to_thread(engines, settings.spark_master)
        store_ = UrlStore(settings.lake_url)
        most = 0.0 if is_anew else MOST
        manifest = await build_tags(lakehouse, wanted, instant, store_, watch=watch, engines=made, most=most)
    tags = {key: one.definition for key, one in listed.tags.items()}
    await kept(store_, manifest.catalogue, tags)
    return await asyncio.to_thread(_told, store_, manifest, tags, settings.tag_values)


def _told(store: UrlStore, manifest: Manifest, tags: "dict[str, Definition]", most: int) -> Manifest:
    """Keep out the tags that have too many values, and say so."""
    found = narrowed(store, manifest, {key: one.value for key, one in tags.items()}, most)
    if found != manifest:
        keep(store, found)
    for key, reason in found.refused.items():
        log.warning("the tag %s is kept out of the build: %s", key, reason)
    return found


def sound(tags: "dict[str, Definition]", named: Named) -> Definitions:
    """Return what to build, without tags that name something that is no more: one of them stops no others."""
    usable = {}
    for key, one in tags.items():
        try:
            definitions_of({key: one}, named)
        except InvalidInputError as error:
            log.warning("the tag %s is not built: %s", key, error)
        else:
            usable[key] = one
    return definitions_of(usable, named)
