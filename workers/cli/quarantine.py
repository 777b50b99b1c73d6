"""`koi quarantine`: look at what could not be taken in, replay it once its mapping is right, discard it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from commands.access.disclosing import disclose_quarantine
from commands.activity.intake import Intake
from commands.activity.order_numbers import OrderNumbers
from commands.activity.quarantine import Chosen, Quarantined, State
from commands.activity.replaying import Replayed, replay_asked
from commands.activity.settling import ask_replay, discard
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.kernel.errors import InvalidInputError, NotFoundError
from workers.connectors.destination import Destination, open_destination
from workers.quarantine.replayers import replayers
from workers.quarantine.role import LOCK, UNLOCK

app = cyclopts.App(name="quarantine", help="Look at what could not be taken in, replay it, discard it.")
_out = Console()
_ACTOR = "koi quarantine"
# Until then a worker may be at it; asking again costs nothing.
_TURN_SECONDS = 0.2

AsJson = Annotated[bool, Parameter(name="--json", negative=())]


@app.command(name="list")
def entries(
    *,
    source: str | None = None,
    reason: str | None = None,
    state: State | None = "open",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    as_json: AsJson = False,
) -> None:
    """List entries, the newest first, without what was sent.

    Args:
        source: Only what this source sent.
        reason: Only what was refused for this reason.
        state: Only what is in this state; what is settled is listed without what was sent.
        since: Only what came from this time on (UTC unless it has a zone).
        until: Only what came before this time.
        limit: How many at most.
        as_json: One JSON object a line.
    """
    chosen = Chosen(source=source, reason=reason, state=state, since=_utc(since), until=_utc(until))
    found: list[Quarantined] = _with(lambda into, _: into.quarantine.newest(limit=limit, chosen=chosen))
    if as_json:
        for one in found:
            _print_json(one)
        return
    table = Table(Column("id", justify="right"), "came (UTC)", "source", "by", "line", "reason", "what", "state")
    for one in found:
        line = "" if one.line is None else str(one.line)
        table.add_row(
            str(one.id),
            f"{one.received_at:%F %T}",
            one.source,
            one.came_by,
            line,
            one.reason,
            escape(one.detail),
            one.state,
        )
    _out.print(table)


@app.command
def show(entry_id: int, *, as_json: AsJson = False) -> None:
    """Show an entry with what was sent; that you saw it is recorded for the audit.

    Args:
        entry_id: Its number, as the list shows it.
        as_json: As JSON.
    """

    async def read(into: Destination, _: Settings) -> Quarantined:
        found = await into.quarantine.one(entry_id, in_clear=True)
        if found is None:
            raise NotFoundError("there is no entry with this number")
        await disclose_quarantine(into.store, [entry_id], found.source, by=_ACTOR)
        return found

    found: Quarantined = _with(read)
    if as_json:
        _print_json(found)
        return
    _out.print(
        f"{found.source} ({found.came_by}), line {found.line}: {found.reason}, {found.detail} [{found.state}]",
        markup=False,
        highlight=False,
    )
    _out.print(found.raw if found.raw is not None else "(no longer kept)", markup=False, highlight=False)


@app.command
def reasons(*, source: str | None = None, as_json: AsJson = False) -> None:
    """Count entries by source, reason and state.

    Args:
        source: Only what this source sent.
        as_json: One JSON object a line.
    """
    found = _with(lambda into, _: into.quarantine.counts(source=source))
    if as_json:
        for one in found:
            _print_json(one)
        return
    table = Table("source", "reason", "state", Column("entries", justify="right"), "oldest (UTC)", "newest (UTC)")
    for one in found:
        table.add_row(
            one.source, one.reason, one.state, f"{one.entries:,}", f"{one.oldest:%F %T}", f"{one.newest:%F %T}"
        )
    _out.print(table)


@app.command
def replay(
    *ids: int,
    source: str | None = None,
    reason: str | None = None,
    mapping: Annotated[tuple[Path, ...], Parameter(negative=())] = (),
    as_json: AsJson = False,
) -> None:
    """Read open entries again, by the mappings and the vocabulary of today; what was taken before is not taken twice.

    Rows of a file go with all the rows that the file left behind, through the mapping their source has now.

    Args:
        ids: Entries by number; or choose by source and reason.
        source: What this source sent.
        reason: What was refused for this reason.
        mapping: A mapping to read file rows by, where it is not among the declared sources.
        as_json: The outcome as JSON.
    """
    _choice(ids, source, reason)

    async def act(into: Destination, settings: Settings) -> Replayed:
        rules: dict[str, Any] = {"describing": into.describing, "orders": OrderNumbers(settings.sources_folder)}
        door = Intake(into.store, into.naming, actor=_ACTOR, **rules)
        async with into.store.pool.acquire() as connection, door as intake:
            # Before anything is asked for: else a worker would be first, and nothing left to tell of here.
            while not await connection.fetchval(LOCK):  # noqa: ASYNC110 - another process replays, and tells nobody
                await asyncio.sleep(_TURN_SECONDS)
            try:
                asked = await ask_replay(into.store.pool, Chosen(source=source, reason=reason), ids, by=_ACTOR)
                with _progress(asked) as told:
                    return await replay_asked(into.quarantine, replayers(settings, into, intake, *mapping), told=told)
            finally:
                await connection.execute(UNLOCK)

    done: Replayed = _with(act)
    if as_json:
        _print_json(done)
        return
    _out.print(
        f"{done.replayed:,} are history now, {done.known:,} were before, {done.refused:,} are refused again, "
        f"{done.suppressed:,} name people who were erased.",
        highlight=False,
    )


@app.command(name="discard")
def throw_away(
    *ids: int, why: str, source: str | None = None, reason: str | None = None, as_json: AsJson = False
) -> None:
    """Throw open entries away: what was sent is destroyed, that it came and who threw it away stays.

    Args:
        ids: Entries by number; or choose by source and reason.
        why: Why nobody needs them.
        source: What this source sent.
        reason: What was refused for this reason.
        as_json: The outcome as JSON.
    """
    _choice(ids, source, reason)
    chosen = Chosen(source=source, reason=reason)
    count = _with(lambda into, _: discard(into.store.pool, chosen, ids, by=_ACTOR, why=why))
    if as_json:
        _print_json({"discarded": count})
    else:
        _out.print(f"{count:,} entries are thrown away.", highlight=False)


def _choice(ids: tuple[int, ...], source: str | None, reason: str | None) -> None:
    if not ids and source is None and reason is None:
        raise InvalidInputError("name entries by number, or choose them with --source or --reason", field="ids")


def _progress(total: int) -> Any:
    if not _out.is_terminal:
        return nullcontext(None)
    return _Bar(total)


class _Bar:
    """A bar over the entries asked for."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=_out, transient=True)
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Callable[[Replayed], None]:
        self._progress.start()
        return lambda done: self._progress.update(self._task, completed=done.total)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _with(act: Callable[[Destination, Settings], Awaitable[Any]]) -> Any:
    async def acting() -> Any:
        settings = Settings.from_environment(os.environ)
        async with open_destination(settings, Secrets.load(settings.secrets_file)) as into:
            return await act(into, settings)

    return asyncio.run(acting())


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _print_json(found: object) -> None:
    _out.print(msgspec.json.encode(found).decode(), soft_wrap=True, highlight=False, markup=False)
