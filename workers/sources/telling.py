"""Sources and their runs as a person reads them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from commands.activity.source_runs import SourceRun
from commands.runtime.sources import Source
from workers.connectors.report import show
from workers.sources.declared import Unreadable
from workers.sources.kind import Came


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A declared source and, once it was seen by a running Koi, what became of it."""

    source: str
    kind: str
    file: str
    state: str
    reason: str | None = None
    run: SourceRun | None = None


def listed(sources: Sequence[Source], unreadable: Sequence[Unreadable], runs: Mapping[str, SourceRun]) -> list[Listed]:
    """Return a row for each file of the folder, by name."""
    rows = []
    for source in sources:
        run = runs.get(source.name)
        rows.append(
            Listed(
                source=source.name,
                kind=source.kind,
                file=source.file.name,
                state=run.state if run else "declared",
                reason=run.reason if run else None,
                run=run,
            )
        )
    rows += [
        Listed(source=one.name, kind="unknown", file=one.file.name, state="parked", reason=one.reason)
        for one in unreadable
    ]
    return sorted(rows, key=lambda row: row.source)


def show_listed(rows: Sequence[Listed], folder: Path, console: Console) -> None:
    """Print the sources, and below them why some do not run."""
    if not rows:
        console.print(f"No source is declared in {folder}: put a mapping there, one TOML file each.", soft_wrap=True)
        return
    source = Column("source 来源", overflow="fold")  # a name that is cut short cannot be asked for
    table = Table(source, "kind 类型", "state 状态", "last run 上次", "came 接收", "refused 隔离", "next 下次")
    for column in table.columns[4:6]:
        column.justify = "right"
    for row in rows:
        run = row.run
        cells = ["", "", "", ""]
        if run:
            cells = [_time(run.ended_at), f"{run.accepted:,}", f"{run.quarantined:,}", _time(run.next_at)]
        table.add_row(escape(row.source), row.kind, row.state, *cells)
    console.print(table)
    for row in rows:
        if row.reason:
            console.print(escape(f"{row.source}: {row.reason}"), soft_wrap=True, highlight=False)


def show_came(name: str, came: Came, console: Console) -> None:
    """Print what came of a run, or would come."""
    numbers = f"{came.accepted:,} of {came.read:,} taken, {came.duplicates:,} known, {came.quarantined:,} refused"
    console.print(f"[bold]{escape(name)}[/]: {numbers}", highlight=False)
    if came.files:
        show(came.files, console)
    for note in came.notes:
        console.print(escape(note), soft_wrap=True, highlight=False)


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone():%m-%d %H:%M:%S}" if moment else ""
