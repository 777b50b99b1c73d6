"""What came of a file, for people and for programs."""

from collections.abc import Iterable
from typing import Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.activity.quarantine import Unusable

_LINES_SHOWN = 20


class Refusal(msgspec.Struct, kw_only=True):
    """One reason why rows were refused, how many, and the first of their lines."""

    reason: str
    detail: str
    rows: int = 0
    lines: list[int] = []


class FileReport(msgspec.Struct, kw_only=True):
    """What came of a file: `items` are the facts, customers, campaigns or offers its good rows made.

    `suppressed` rows name people who were erased, and were not taken in. `known` means it was imported before and
    nothing was done; `checked` that nothing was to be written. `unmapped_tags` are tags kept under the source's own
    name, and of how many rows each was told.
    """

    file: str
    row: str
    outcome: Literal["imported", "known", "checked"]
    sha256: str
    rows: int = 0
    items: int = 0
    customers: int = 0
    duplicates: int = 0
    quarantined: int = 0
    suppressed: int = 0
    refusals: list[Refusal] = []
    unmapped_tags: dict[str, int] = {}
    seconds: float = 0.0

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
            if len(refusal.lines) < _LINES_SHOWN and entry.line is not None:
                refusal.lines.append(entry.line)
            yield entry


def show(reports: Iterable[FileReport], console: Console) -> None:
    """Print what came of the files, and why rows were refused."""
    table = Table("file", "outcome", "rows", "made", "people", "twice", "refused", "erased", "seconds")
    for column in table.columns[2:]:
        column.justify = "right"
    refusals = []
    unmapped = []
    for one in reports:
        numbers = (one.rows, one.items, one.customers, one.duplicates, one.quarantined, one.suppressed)
        made = [f"{number:,}" for number in numbers] if one.outcome != "known" else [""] * len(numbers)
        made[1] = f"{made[1]} {one.row}s" if made[1] else ""
        table.add_row(escape(one.file), one.outcome, *made, f"{one.seconds:.1f}")
        refusals += [(one.file, refusal) for refusal in one.refusals]
        unmapped += [(one.file, one.unmapped_tags)] if one.unmapped_tags else []
    console.print(table)
    for file, refusal in refusals:
        lines = ", ".join(map(str, refusal.lines)) + (" ..." if refusal.rows > len(refusal.lines) else "")
        words = f"{file}: {refusal.rows:,} × {refusal.detail} ({refusal.reason}), line {lines}"
        console.print(escape(words), soft_wrap=True, highlight=False)
    for file, tags in unmapped:
        words = ", ".join(f"{name} ({count:,})" for name, count in sorted(tags.items()))
        console.print(escape(f"{file}: tags without a mapping, kept as they are: {words}"), highlight=False)
