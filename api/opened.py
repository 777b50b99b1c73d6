"""What the process of the API has open, from its start to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from api.auth import Doorkeeper
from api.cleaning import CleaningCounts
from api.idempotency import Commands
from api.ingest.door import Door
from api.ingest.keeping import Keeping
from api.ingest.reception import Reception
from api.ingest.strangers import Strangers
from api.metrics import Metrics
from api.pages import Cursors
from api.positions import Positions
from commands.access.keys import ensure_first_keys
from commands.activity.intake import Intake
from commands.activity.order_numbers import OrderNumbers
from commands.activity.quarantine import Quarantine
from commands.callbacks.doors import Doors
from commands.channels.unsubscribing import WaysOut
from commands.context.own_calendar import calendar_of_home
from commands.identity.describing import Describing
from commands.identity.erasing import Erasing
from commands.identity.reapplying import reapply
from commands.identity.receipt import Receipts
from commands.identity.rules import ensure_rules
from commands.identity.tag_catalogue import TagCatalogue
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.context.calendar import Calendar
from domain.context.phone_places import phone_places
from domain.identity.naming import Naming
from projections.batch.place import Place
from projections.profile_history.surroundings import opening_with
from projections.segment_members.everybody import Everybody
from projections.segment_members.quick import Quick
from projections.traces.queries import Traces

_POOL = 16


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a route may ask for."""

    store: EventStore
    naming: Naming
    door: Door
    keeping: Keeping
    doorkeeper: Doorkeeper
    doors: Doors
    reception: Reception
    tag_catalogue: TagCatalogue
    commands: Commands
    cursors: Cursors
    positions: Positions
    quarantine: Quarantine
    erasing: Erasing
    describing: Describing
    calendar: Calendar
    settings: Settings
    everybody: Everybody
    quick: Quick
    metrics: Metrics
    ways_out: WaysOut


@asynccontextmanager
async def opened(settings: Settings, secrets: Secrets) -> AsyncIterator[Opened]:
    """Open the event store and what works over it; the first keys are let in, the first rules adopted."""
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=_POOL) as store:
        naming = await _first_of_all(store, secrets)
        metrics = Metrics()
        quarantine = Quarantine(store.pool, secrets.master_key)
        erasing = _erasing(settings, store, naming, quarantine)
        # Before anybody is answered: a restored backup may know people again who were erased since.
        await reapply(erasing)
        doorkeeper, doors = Doorkeeper(store.pool), Doors(settings.sources_folder)
        describing = await asyncio.to_thread(_rules, settings.home)
        metrics.watch(CleaningCounts(describing.cleaner.counts))
        async with AsyncExitStack() as opening:
            orders = OrderNumbers(settings.sources_folder)
            intake = await opening.enter_async_context(Intake(store, naming, describing=describing, orders=orders))
            door = Door(intake, quarantine, metrics, store.pool)
            keeping = await opening.enter_async_context(
                Keeping.opened(
                    store,
                    door,
                    doorkeeper,
                    Strangers(quarantine, metrics, store.pool),
                    sources=settings.sources_folder,
                    spool=settings.home / "spool",
                    master_key=secrets.master_key,
                )
            )
            everybody = _everybody(settings, store)
            yield Opened(
                store=store,
                naming=naming,
                door=door,
                keeping=keeping,
                doorkeeper=doorkeeper,
                doors=doors,
                tag_catalogue=TagCatalogue(settings.sources_folder),
                reception=Reception(store, naming, door, erasing),
                commands=Commands(store.streams),
                cursors=Cursors(secrets.cursor_key),
                positions=Positions(store.pool),
                quarantine=quarantine,
                erasing=erasing,
                describing=describing,
                calendar=everybody.calendar,
                settings=settings,
                everybody=everybody,
                quick=Quick(settings.lake_url),
                metrics=metrics,
                ways_out=WaysOut(secrets.master_key),
            )


async def _first_of_all(store: EventStore, secrets: Secrets) -> Naming:
    """Let the first keys in, adopt the first rules; returns how ids are made."""
    await ensure_first_keys(store.pool, secrets)
    naming = Naming(secrets.pepper)
    await ensure_rules(store.streams, naming)
    return naming


def _erasing(settings: Settings, store: EventStore, naming: Naming, quarantine: Quarantine) -> Erasing:
    return Erasing(
        store=store,
        naming=naming,
        receipts=Receipts(settings.lake_url),
        traces=Traces(store.pool),
        copies={"quarantine_entries": quarantine},
    )


def _everybody(settings: Settings, store: EventStore) -> Everybody:
    place = Place(lake_url=settings.lake_url, database_url=settings.database_url)
    opening = opening_with(store.keyring.load, store.keyring.unseal)
    return Everybody(
        store.pool, place, settings.zone, calendar_of_home(settings.home), opening, tag_values=settings.tag_values
    )


def _rules(home: Path) -> Describing:
    """Return the rules of what is said of people; the tables they need take a second, and no event should wait."""
    phone_places()
    return Describing.of_home(home)
