"""What came of a file, for people and for programs."""

from collections.abc import Iterable
from typing import Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.activity.quarantine import Unusable
from workers.connectors.taken import Taken

_LINES_SHOWN = 20
_LINES_KEPT = 1_000
_DONE = frozenset({"imported", "checked"})


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


def show(reports: Iterable[FileReport], console: Console) -> None:
    """Print what came of the files, and why rows were refused."""
    names = ("rows", "made", "new", "back", "people", "twice", "refused", "erased", "seconds")
    table = Table("file", "outcome", *names)
    for column in table.columns[2:]:
        column.justify = "right"
    refusals, reasons, unmapped = [], [], []
    for one in reports:
        people = (one.customers, one.duplicates + one.elsewhere, one.quarantined, one.suppressed)
        numbers = (one.rows, one.items, one.recorded, one.withdrawn, *people)
        made = [f"{number:,}" for number in numbers] if one.outcome in _DONE else [""] * len(numbers)
        made[1] = f"{made[1]} {one.row}s" if made[1] else ""
        table.add_row(escape(one.file), one.outcome, *made, f"{one.seconds:.1f}")
        refusals += [(one.file, refusal) for refusal in one.refusals]
        unmapped += [(one.file, one.unmapped_tags)] if one.unmapped_tags else []
        if one.reason:
            reasons.append(f"{one.file}: {one.reason}")
    console.print(table)
    for reason in reasons:
        console.print(escape(reason), soft_wrap=True, highlight=False)
    for file, refusal in refusals:
        shown = refusal.lines[:_LINES_SHOWN]
        lines = ", ".join(map(str, shown)) + (" ..." if refusal.rows > len(shown) else "")
        words = f"{file}: {refusal.rows:,} × {refusal.detail} ({refusal.reason}), line {lines}"
        console.print(escape(words), soft_wrap=True, highlight=False)
    for file, tags in unmapped:
        words = ", ".join(f"{name} ({count:,})" for name, count in sorted(tags.items()))
        console.print(escape(f"{file}: tags without a mapping, kept as they are: {words}"), highlight=False)
