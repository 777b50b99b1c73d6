"""How far an import is: rows, rate, and when it will be done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class Watch(Protocol):
    """Someone who wants to know how far it is."""

    def begin(self, file: str, rows: int) -> None:
        """A file of so many rows is being imported."""

    def advance(self, rows: int) -> None:
        """So many more of them are durable."""


class Nobody:
    """Nobody watches."""

    def begin(self, file: str, rows: int) -> None: ...
    def advance(self, rows: int) -> None: ...


class Bar:
    """A bar on the terminal for the file at hand."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, visible=False)

    def begin(self, file: str, rows: int) -> None:
        self._progress.reset(self._task, description=escape(file), total=rows, visible=True)

    def advance(self, rows: int) -> None:
        self._progress.advance(self._task, rows)


@contextmanager
def watching(console: Console) -> Iterator[Watch]:
    """Yield a bar that is gone afterwards; where nobody looks at a terminal there is none."""
    if not console.is_terminal:
        yield Nobody()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress)


class _Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")
