"""What commands about tags stand on: the store, everybody, and how values are written for people."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from commands.context.own_calendar import calendar_of_home
from commands.runtime.clock import now
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from domain.kernel.errors import InvalidInputError
from domain.tags.errors import TagNotFoundError
from domain.tags.tag import Terms
from projections.batch.place import Place
from projections.profile_history.surroundings import opening_with
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue.queries import Catalogue, Listed

_FEN: Final = 100


class Asked(msgspec.Struct, frozen=True):
    """What a command has at hand."""

    store: EventStore
    settings: Settings
    everybody: Everybody


def ask(act: Callable[[Asked], Awaitable[Any]]) -> Any:
    """Do something with a running Koi."""

    async def acting() -> Any:
        settings = Settings.from_environment(os.environ)
        secrets = Secrets.load(settings.secrets_file)
        async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as store:
            place = Place(lake_url=settings.lake_url, database_url=settings.database_url)
            opening = opening_with(store.keyring.load, store.keyring.unseal)
            everybody = Everybody(
                store.pool,
                place,
                settings.zone,
                calendar_of_home(settings.home),
                opening,
                tag_values=settings.tag_values,
            )
            return await act(Asked(store, settings, everybody))

    return asyncio.run(acting())


def customer_of(about: str) -> UUID:
    """Return the id of a customer, given by it or by an identifier."""
    kind, separator, value = about.partition(":")
    if separator:
        pepper = Secrets.load(Settings.from_environment(os.environ).secrets_file).pepper
        return Naming(pepper).customer_id(identifier(kind, value))
    try:
        return UUID(about)
    except ValueError:
        raise InvalidInputError("an id, or an identifier such as member_code:1", field="customer") from None


def instant_of(at: str | None) -> datetime:
    """Return the instant that is asked for (UTC), now unless given."""
    if at is None:
        return now()
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        raise InvalidInputError("an instant is written as 2026-11-01T00:00:00Z", field="at") from None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def terms_in(file: Path) -> Terms:
    """Return the terms of a tag in a JSON file; raises `InvalidInputError`."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Terms)
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}", field="file") from None
    except msgspec.MsgspecError as error:
        raise InvalidInputError(f"{file}: {error}", field="file") from None


def tag_of(catalogue: Catalogue, key: str) -> Listed:
    """Return a tag of the catalogue; raises `TagNotFoundError`."""
    if key not in catalogue.tags:
        raise TagNotFoundError(f"there is no tag {key}: koi tags list shows those there are", field="key")
    return catalogue.tags[key]


def said(value: Any, type_: str) -> str:
    """Return a value as people read it: money in yuan, shares in percent."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, int | float):
        return _number(value, type_)
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _number(value: float, type_: str) -> str:
    match type_:
        case "money":
            return f"¥{value / _FEN:,.2f}"
        case "share":
            return f"{value:.1%}"
    return f"{value:,.3f}".rstrip("0").rstrip(".")


@contextmanager
def progress(out: Console, what: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far long work is, on a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not (shown and out.is_terminal)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of or None)
