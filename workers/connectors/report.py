"""What came of a file, for people and for programs."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from commands.activity.quarantine import Unusable
from workers.connectors.taken import Taken

_LINES_SHOWN = 20
_LINES_KEPT = 1_000
_DONE = frozenset({"imported", "checked"})
_RARE = frozenset({"taken back", "gone", "erased"})


class Refusal(msgspec.Struct, kw_only=True):
    """One reason why rows were refused, how many, and the first of their lines."""

    reason: str
    detail: str
    rows: int = 0
    lines: list[int] = []


class FileReport(msgspec.Struct, kw_only=True):
    """What came of a file: `items` are the facts, customers, campaigns or offers its good rows made.

    Of them, `unchanged` were told by an earlier version of the file (or, of customers, by the last file), `elsewhere`
    by another source; `withdrawn` are facts that an earlier version told and this one does not. `left` are customers of
    the last file that are missing. `suppressed` rows name people who were erased, and were not taken in.
    `unmapped_tags` are tags kept under the source's own name, and of how many rows each was told.

    `known` means it was imported before and nothing was done; `superseded` that a later version was; `refused` that it
    cannot be taken, for this `reason`; `checked` that nothing was to be written.
    """

    file: str
    row: str
    outcome: Literal["imported", "known", "checked", "superseded", "refused"]
    sha256: str
    rows: int = 0
    items: int = 0
    customers: int = 0
    duplicates: int = 0
    quarantined: int = 0
    suppressed: int = 0
    unchanged: int = 0
    elsewhere: int = 0
    withdrawn: int = 0
    left: int = 0
    refusals: list[Refusal] = []
    reason: str | None = None
    unmapped_tags: dict[str, int] = {}
    seconds: float = 0.0

    @property
    def recorded(self) -> int:
        """How many of its items were, or would be, news."""
        return self.items - self.unchanged - self.elsewhere

    def noted(self, taken: Taken) -> None:
        """Note what became of the file's things."""
        self.items, self.unchanged, self.elsewhere = taken.items, taken.unchanged, taken.elsewhere
        self.withdrawn, self.left = taken.withdrawn, taken.left

    def refuse(self, entries: Iterable[Unusable]) -> Iterable[Unusable]:
        """Note the entries on their way."""
        kinds: dict[tuple[str, str], Refusal] = {}
        for entry in entries:
            kind = (entry.reason, entry.detail)
            if kind not in kinds:
                kinds[kind] = Refusal(reason=entry.reason, detail=entry.detail)
                self.refusals.append(kinds[kind])
            refusal = kinds[kind]
            refusal.rows += 1
            if len(refusal.lines) < _LINES_KEPT and entry.line is not None:
                refusal.lines.append(entry.line)
            yield entry


def show(reports: Sequence[FileReport], console: Console) -> None:
    """Print what came of the files, and why rows were refused."""
    _show_table(reports, console)
    for one in reports:
        words = [one.reason] if one.reason else []
        words += [_told(refusal) for refusal in one.refusals]
        if one.unmapped_tags:
            tags = ", ".join(f"{name} ({count:,})" for name, count in sorted(one.unmapped_tags.items()))
            words.append(f"tags without a mapping, kept as they are: {tags}")
        for word in words:
            console.print(escape(f"{one.file}: {word}"), soft_wrap=True, highlight=False)


def _show_table(reports: Sequence[FileReport], console: Console) -> None:
    columns: dict[str, list[int]] = {
        "rows": [one.rows for one in reports],
        "made": [one.items for one in reports],
        "new": [one.recorded for one in reports],
        "taken back": [one.withdrawn for one in reports],
        "gone": [one.left for one in reports],
        "people": [one.customers for one in reports],
        "twice": [one.duplicates + one.elsewhere for one in reports],
        "refused": [one.quarantined for one in reports],
        "erased": [one.suppressed for one in reports],
    }
    # What says nothing about any of the files takes no room.
    columns = {name: column for name, column in columns.items() if name not in _RARE or any(column)}
    if columns["new"] == columns["made"]:
        del columns["new"]
    table = Table(Column("file", overflow="fold"), "outcome", *(Column(name, justify="right") for name in columns))
    table.add_column("seconds", justify="right")
    for one, *numbers in zip(reports, *columns.values(), strict=True):
        cells = {name: f"{number:,}" for name, number in zip(columns, numbers, strict=True)}
        cells["made"] += f" {one.row}s"
        shown = cells.values() if one.outcome in _DONE else [""] * len(cells)
        table.add_row(escape(one.file), one.outcome, *shown, f"{one.seconds:.1f}")
    console.print(table)


def _told(refusal: Refusal) -> str:
    shown = refusal.lines[:_LINES_SHOWN]
    lines = ", ".join(map(str, shown)) + (" ..." if refusal.rows > len(shown) else "")
    return f"{refusal.rows:,} × {refusal.detail} ({refusal.reason}), line {lines}"
