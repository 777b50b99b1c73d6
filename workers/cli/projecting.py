"""`koi projections`: look at views, rebuild them, verify them."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from commands.runtime.event_store import open_pool
from commands.runtime.settings import Settings
from domain.kernel.errors import KoiError
from projections.engine.connecting import connect
from projections.engine.lag import Lag, lag
from projections.engine.projection import Projection
from projections.engine.rebuild import AlreadyRunningError, RebuildFailedError, Rebuilt, rebuild
from projections.engine.replaying import Replayed, replay_dead_letters
from projections.engine.verify import NotFollowedError, Verified, verify
from projections.lake.queries import WrongFile, wrong_files
from projections.views import views
from workers.segmenting.waiting import replay_people

app = cyclopts.App(name="projections", help="Look at views, rebuild them, verify them.")
_out = Console()

AsJson = Annotated[bool, Parameter(name="--json", negative=())]
LAKE = "lake"
SEGMENTING = "segmenting"
Step = Callable[[int, int], None]
Found = TypeVar("Found", Rebuilt, Verified)


class ViewError(KoiError):
    """A view that does not exist, or cannot be rebuilt or verified now."""

    code = "view.unusable"


@app.command
def status(*, as_json: AsJson = False) -> None:
    """Show how far each view is behind the log.

    Args:
        as_json: One JSON object a line.
    """
    found = asyncio.run(_lag())
    if as_json:
        _print_json(found)
        return
    table = Table("view", "version", "position", "behind", "oldest waits", "put aside")
    for one in found:
        version = f"{one.version}" if one.version == one.wanted_version else f"{one.version} → {one.wanted_version}"
        table.add_row(
            one.view, version, f"{one.position:,}", f"{one.behind:,}", f"{one.age_seconds:.1f} s", f"{one.parked:,}"
        )
    _out.print(table)


@app.command(name="rebuild")
def rebuild_views(*names: str, as_json: AsJson = False) -> None:
    """Build views anew from the log, beside the live ones, and swap them in.

    Args:
        names: The views; all of them unless named.
        as_json: One JSON object a line.
    """
    settings = Settings.from_environment(os.environ)
    done: list[Rebuilt] = []
    for view in _chosen(settings, names):
        with _progress(view.name, shown=not as_json) as step:
            done.append(_told(view, rebuild(settings.database_url, view, progress=step)))
    if as_json:
        _print_json(done)
        return
    table = Table("view", "position", "events", "facts")
    for one in done:
        table.add_row(one.view, f"{one.position:,}", f"{one.events:,}", f"{one.facts:,}")
    _out.print(table)


@app.command(name="verify")
def verify_views(*names: str, as_json: AsJson = False) -> None:
    """Build views aside from the log and compare their digests with the live ones; ends with 1 if any differs.

    For the lake every file is read, too, and compared with the digest it was written with.

    Args:
        names: The views; all of them unless named.
        as_json: One JSON object a line.
    """
    settings = Settings.from_environment(os.environ)
    found: list[Verified] = []
    for view in _chosen(settings, names):
        with _progress(view.name, shown=not as_json) as step:
            found.append(_told(view, verify(settings.database_url, view, progress=step)))
    if as_json:
        _print_json(found)
    else:
        table = Table("view", "position", "rows", "live", "rebuilt", "")
        for one in found:
            verdict = "[green]identical[/]" if one.equal else "[bold red]DIFFERENT[/]"
            table.add_row(
                one.view, f"{one.position:,}", f"{one.rows:,}", one.live_digest[:12], one.rebuilt_digest[:12], verdict
            )
        _out.print(table)
    spoilt = asyncio.run(_spoilt(settings)) if any(one.view == LAKE for one in found) else []
    if as_json:
        _print_json(spoilt)
    for file in () if as_json else spoilt:
        _out.print(f"[bold red]lake:[/] {file.path} is {file.what}", soft_wrap=True)
    if spoilt or not all(one.equal for one in found):
        sys.exit(1)


@app.command
def replay(name: str) -> None:
    """Take what a view has put aside, once the cause is repaired.

    Args:
        name: The view; or `segmenting`, for people whom the worker of live segments could not judge.
    """
    settings = Settings.from_environment(os.environ)
    if name == SEGMENTING:
        taken = asyncio.run(replay_people(settings.database_url))
        _out.print(f"{name}: {taken.cleared:,} people judged after all, {taken.remaining:,} still put aside")
        return
    (view,) = _chosen(settings, (name,))
    taken = asyncio.run(_replay(settings.database_url, view))
    _out.print(f"{view.name}: {taken.cleared:,} taken, {taken.remaining:,} still put aside")


async def _replay(database_url: str, view: Projection) -> Replayed:
    connection = await connect(database_url, view.name)
    try:
        return await replay_dead_letters(connection, view)
    finally:
        await connection.close()


async def _spoilt(settings: Settings) -> list[WrongFile]:
    """Read every file of the lake: the digests of a view are over its tables."""
    pool = await open_pool(settings.database_url, size=1)
    try:
        return await wrong_files(pool, settings.lake_url)
    finally:
        await pool.close()


async def _lag() -> list[Lag]:
    settings = Settings.from_environment(os.environ)
    pool = await open_pool(settings.database_url, size=1)
    try:
        return await lag(pool, views(settings.lake_url, settings.database_url))
    finally:
        await pool.close()


def _chosen(settings: Settings, names: Sequence[str]) -> list[Projection]:
    known = {view.name: view for view in views(settings.lake_url, settings.database_url)}
    unknown = [name for name in names if name not in known]
    if unknown:
        msg = f"there is no view {unknown[0]}: the views are {', '.join(known)}"
        raise ViewError(msg, field="names")
    return [known[name] for name in names] if names else list(known.values())


def _told(view: Projection, work: Coroutine[Any, Any, Found]) -> Found:
    """Run it; what a person can do something about is said in words."""
    try:
        return asyncio.run(work)
    except (AlreadyRunningError, NotFollowedError, RebuildFailedError) as error:
        msg = f"{view.name}: {error}"
        raise ViewError(msg) from error


@contextmanager
def _progress(name: str, *, shown: bool) -> Iterator[Step | None]:
    if not shown:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_out, transient=True, disable=not _out.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda position, head: progress.update(task, completed=position, total=head)


def _print_json(found: Sequence[msgspec.Struct]) -> None:
    for one in found:
        _out.print(msgspec.json.encode(one).decode(), soft_wrap=True, markup=False, highlight=False)
