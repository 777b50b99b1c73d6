"""What a kind of source has to know: how one is checked, how it runs once, how often."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

import msgspec

from commands.activity.intake import Intake
from commands.activity.source_runs import Counts
from commands.runtime.event_store import EventStore
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.runtime.sources import Source
from workers.connectors.destination import Destination, destination
from workers.connectors.progress import Nobody, Watch
from workers.connectors.report import FileReport

ACTOR = "sources"


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a run works with: where files go (`into`), the door for single activities (`intake`), who watches."""

    settings: Settings
    secrets: Secrets
    into: Destination
    intake: Intake
    watch: Watch

    @property
    def store(self) -> EventStore:
        """The event store."""
        return self.into.store


class Came(msgspec.Struct, kw_only=True):
    """What came of a run, or, of a check, what would come.

    `read` counts what was looked at (rows, orders, members), `accepted` what became part of history, `duplicates` what
    was known, `quarantined` what was refused. `notes` are words for people. `again_in` is when to run next, where the
    source itself has told (more is waiting, or it asked for patience).
    """

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    files: list[FileReport] = []
    notes: list[str] = []
    again_in: timedelta | None = None

    @property
    def counts(self) -> Counts:
        """The numbers alone."""
        return Counts(read=self.read, accepted=self.accepted, duplicates=self.duplicates, quarantined=self.quarantined)


class Kind(Protocol):
    """One kind of declared source.

    A run may end at any instant and begin anew: what it records is known the second time. It keeps what it has to
    remember with `commands.activity.source_runs.remember`. It raises `SourceError` (or another error of wrong input)
    for a declaration that cannot work, which parks the source until its file changes; whatever else it raises has it
    tried again, later each time.
    """

    def interval(self, source: Source) -> timedelta:
        """How long after a run the next one is due. Raises `SourceError`."""

    async def check(self, source: Source, means: Means) -> Came:
        """Say what a run would do; nothing is recorded."""

    async def run(self, source: Source, means: Means) -> Came:
        """Bring what is new."""


@asynccontextmanager
async def open_means(
    settings: Settings, secrets: Secrets, store: EventStore, *, watch: Watch | None = None
) -> AsyncIterator[Means]:
    """Yield the means for runs over an open event store."""
    into = destination(settings, secrets, store)
    async with Intake(store, into.naming, actor=ACTOR, describing=into.describing) as intake:
        yield Means(settings=settings, secrets=secrets, into=into, intake=intake, watch=watch or Nobody())
