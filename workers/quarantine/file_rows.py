"""Rows of a file, replayed as a small file of their own through the mapping their source has now.

All rows that one file left behind go together, since one broken line keeps back its whole receipt. The small file is
made of nothing but the entries claimed, so a replay that was interrupted makes the same file again, which is known.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from commands.activity.quarantine import Quarantine, Unusable
from commands.activity.replaying import Replayed
from commands.activity.settling import Refusal, Waiting, note_refusal, settle_refused, settle_replayed
from domain.ingestion.mapping import FileForm
from domain.ingestion.mapping import Mapping as FileMapping
from domain.kernel.errors import KoiError
from workers.connectors.destination import Destination
from workers.connectors.importing import import_file
from workers.quarantine.mappings import Mappings

_NO_ROW = "it is no row of its file: correct it at its source"
_NO_MAPPING = "no declared source has the mapping {} any more: declare it, or name it with --mapping"


class _Noting(Quarantine):
    """Stands where refused rows would go: they lie in the quarantine already, and are noted before the file is done."""

    def __init__(self, pool: asyncpg.Pool, lines: Mapping[int, int]) -> None:
        """Take which entry stands on which line."""
        self.pool = pool
        self._lines = lines
        self.refused: dict[int, Refusal] = {}

    async def put(  # type: ignore[override]  # the rest of what it is told does not matter here
        self, _: str, entries: Sequence[Unusable], **__: Any
    ) -> None:
        """Note what was refused, by its line."""
        for entry in entries:
            entry_id = self._lines.get(entry.line or 0)
            if entry_id is not None:
                self.refused[entry_id] = Refusal(entry.reason, entry.detail)
                await note_refusal(self.pool, entry_id, self.refused[entry_id])


class FileRows:
    """Replays the rows of files."""

    def __init__(self, into: Destination, mappings: Mappings) -> None:
        """Take where imports go, and how the mapping of a source is found."""
        self._into = into
        self._mappings = mappings

    async def __call__(self, entries: Sequence[Waiting]) -> Replayed:
        """Replay the rows that one file left behind."""
        rows = [(entry, row) for entry in entries if (row := _row(entry)) is not None]
        total = await self._hold([entry for entry in entries if _row(entry) is None], _NO_ROW)
        if not rows:
            return total
        name = str(entries[0].about.get("mapping", ""))
        found = self._mappings.find(name, entries[0].source)
        if found is None:
            total.add(await self._hold([entry for entry, _ in rows], _NO_MAPPING.format(name)))
            return total
        try:
            total.add(await self._import(rows, *found))
        except KoiError as error:  # the mapping does not fit these rows at all
            total.add(await self._hold([entry for entry, _ in rows], error.detail))
        return total

    async def _import(self, rows: list[tuple[Waiting, dict[str, Any]]], mapping: FileMapping, base: Path) -> Replayed:
        pool = self._into.store.pool
        text, lines = _written(rows)
        noting = _Noting(pool, lines)
        # One that was interrupted after the file was done finds it known: what it had noted then counts.
        noting.refused |= {entry.id: entry.refusal for entry, _ in rows if entry.refusal is not None}
        into = msgspec.structs.replace(self._into, quarantine=noting)
        file = self._into.home / "replays" / f"quarantine-{rows[0][0].batch_key[:16]}-{rows[0][0].id}.csv"
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        form = FileForm(path=str(file), format="csv", delimiter=",", encoding="utf-8", most_broken=1.0)
        try:
            file.touch(mode=0o600)
            file.write_text(text, encoding="utf-8", newline="")
            report = await import_file(str(file), msgspec.structs.replace(mapping, file=form), into, base=base)
        finally:
            file.unlink(missing_ok=True)
        for entry_id, refusal in noting.refused.items():
            await settle_refused(pool, entry_id, reason=refusal.reason, detail=refusal.detail)
        good = [entry.id for entry, _ in rows if entry.id not in noting.refused]
        await settle_replayed(pool, good, f"through {mapping.identity}, sha256 {report.sha256[:16]}")
        suppressed = min(report.suppressed, len(good))
        return Replayed(replayed=len(good) - suppressed, refused=len(noting.refused), suppressed=suppressed)

    async def _hold(self, entries: Sequence[Waiting], why: str) -> Replayed:
        for entry in entries:
            await settle_refused(self._into.store.pool, entry.id, reason=entry.reason, detail=why)
        return Replayed(refused=len(entries))


def _row(entry: Waiting) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(entry.raw, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None


def _written(rows: Sequence[tuple[Waiting, dict[str, Any]]]) -> tuple[str, dict[int, int]]:
    """Return the rows as CSV in the order of their lines, and which entry stands on which line."""
    ordered = sorted(rows, key=lambda pair: (pair[0].line or 0, pair[0].id))
    header = list(dict.fromkeys(name for _, row in ordered for name in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    lines: dict[int, int] = {}
    for entry, row in ordered:
        lines[out.getvalue().count("\n") + 1] = entry.id
        writer.writerow([_text(row.get(name)) for name in header])
    return out.getvalue(), lines


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
