"""Open what segments are asked with: the log, the names in rules, everybody."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from commands.context.own_calendar import calendar_of_home
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.naming import Naming
from projections.batch.place import Place
from projections.profile_history.surroundings import opening_with
from projections.segment_members.everybody import Everybody

T = TypeVar("T")


class Opened(msgspec.Struct, frozen=True):
    """What is open, for one command."""

    store: EventStore
    everybody: Everybody
    naming: Naming
    lake_url: str


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """Open all of it over the settings of the environment."""
    settings = Settings.from_environment(os.environ)
    secrets = Secrets.load(settings.secrets_file)
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
        place = Place(lake_url=settings.lake_url, database_url=settings.database_url)
        opening = opening_with(store.keyring.load, store.keyring.unseal)
        everybody = Everybody(store.pool, place, settings.zone, calendar_of_home(settings.home), opening)
        yield Opened(store, everybody, Naming(secrets.pepper), settings.lake_url)


async def acting(act: Callable[[Opened], Awaitable[T]]) -> T:
    """Open all of it, act, close."""
    async with opened() as everything:
        return await act(everything)
