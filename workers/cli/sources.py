"""`koi sources`."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console

from commands.activity import source_runs
from commands.runtime.event_store import open_event_store, open_pool
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.runtime.sources import Source
from workers.connectors.demo_counts import Counted, HistoryWrongError, counted, show_counted
from workers.connectors.progress import watching
from workers.sources.declared import declared, the
from workers.sources.kind import Came, Means, open_means
from workers.sources.registry import kind_of
from workers.sources.telling import Listed, listed, show_came, show_listed
from workers.sources.turn import SourceBusyError, is_final, take_turn, told

T = TypeVar("T")

app = cyclopts.App(
    name="sources",
    help="""List, check and run the declared sources: files, shops, messengers.

A source is one TOML file in the folder KOI_SOURCES (by default `.koi/sources`); its `kind` says what it is.
`koi up` runs each of them on its own schedule; what failed is tried again, later each time.
""",
)
_out = Console()
# How often `watch` looks which sources are due.
_LOOK_SECONDS = 2.0

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


@app.command(name="list")
def show(*, as_json: AsJson = False) -> None:
    """List every declared source: when it ran last, what came, what was refused, when it runs next.

    Args:
        as_json: One JSON object a line.
    """
    settings = Settings.from_environment(os.environ)
    rows = asyncio.run(_listed(settings))
    if as_json:
        for row in rows:
            _print_json(row)
    else:
        show_listed(rows, settings.sources_folder, _out)


@app.command
def check(*names: str, as_json: AsJson = False) -> None:
    """Say what a run would do, without doing it: new, changed and known, and each refused row's line and reason.

    Args:
        names: Which sources; all of them unless named.
        as_json: One JSON object a source.
    """

    async def checked(source: Source, means: Means) -> Came:
        return await kind_of(source).check(source, means)

    _each(names, checked, as_json=as_json)


@app.command
def run(*names: str, as_json: AsJson = False) -> None:
    """Run sources now, whenever they are due; a parked one runs on schedule again once it succeeds here.

    Args:
        names: Which sources; all of them unless named.
        as_json: One JSON object a source.
    """
    _each(names, take_turn, as_json=as_json)


@app.command
def watch(*names: str, as_json: AsJson = False) -> None:
    """Run sources whenever they are due, in the foreground, until Ctrl-C; beside a running `koi up` both take turns.

    Args:
        names: Which sources; all of them unless named.
        as_json: One JSON object a run that brought something.
    """
    settings = Settings.from_environment(os.environ)
    chosen = the(settings.sources_folder, names)
    _out.print(f"Watching {', '.join(source.name for source in chosen) or 'nothing'}. Ctrl-C ends it.", soft_wrap=True)
    asyncio.run(_over(settings, lambda means: _watched(chosen, means, as_json=as_json)))


@app.command(name="verify-demo")
def verify_demo(*, as_json: AsJson = False) -> None:
    """Count the real history of the demo in log and views, beside what its publisher states; 1 if anything differs.

    Args:
        as_json: One JSON object a count.
    """
    settings = Settings.from_environment(os.environ)
    rows = asyncio.run(_counted(settings))
    if as_json:
        for row in rows:
            _print_json(row)
    else:
        show_counted(rows, _out)
    if wrong := [row.what for row in rows if not row.is_right]:
        raise HistoryWrongError(f"not as published: {', '.join(wrong)}; `koi import demo` brings what is missing")


def _each(names: tuple[str, ...], doing: Callable[[Source, Means], Awaitable[Came]], *, as_json: bool) -> None:
    settings = Settings.from_environment(os.environ)
    chosen = the(settings.sources_folder, names)

    async def over(means: Means) -> None:
        for source in chosen:
            _tell(source, await doing(source, means), as_json=as_json)

    asyncio.run(_over(settings, over))


async def _watched(chosen: list[Source], means: Means, *, as_json: bool) -> None:
    by_name = {source.name: source for source in chosen}
    while True:
        for name in await source_runs.due(means.store.pool, list(by_name)):
            try:
                came = await take_turn(by_name[name], means)
            except SourceBusyError:
                continue
            except Exception as error:  # noqa: BLE001 - the others are watched on; it is noted and tried again
                words = "parked until its file changes" if is_final(error) else "it is tried again"
                Console(stderr=True).print(f"{name}: {told(error)}; {words}", soft_wrap=True, highlight=False)
            else:
                if came.read or came.notes:
                    _tell(by_name[name], came, as_json=as_json)
        await asyncio.sleep(_LOOK_SECONDS)


async def _over(settings: Settings, doing: Callable[[Means], Awaitable[T]]) -> T:
    secrets = Secrets.load(settings.secrets_file)
    async with open_event_store(settings.database_url, secrets.master_key) as store:
        with watching(_out) as watch:
            async with open_means(settings, secrets, store, watch=watch) as means:
                return await doing(means)


async def _counted(settings: Settings) -> list[Counted]:
    pool = await open_pool(settings.database_url, size=1)
    try:
        return await counted(pool)
    finally:
        await pool.close()


async def _listed(settings: Settings) -> list[Listed]:
    pool = await open_pool(settings.database_url, size=1)
    try:
        return listed(*declared(settings.sources_folder), await source_runs.runs(pool))
    finally:
        await pool.close()


def _tell(source: Source, came: Came, *, as_json: bool) -> None:
    if as_json:
        _out.print(
            msgspec.json.encode({"source": source.name, **msgspec.to_builtins(came)}).decode(),
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
    else:
        show_came(source.name, came, _out)


def _print_json(one: msgspec.Struct) -> None:
    _out.print(msgspec.json.encode(one).decode(), soft_wrap=True, highlight=False, markup=False)
