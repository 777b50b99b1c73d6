"""What could not be taken from a file: each row with its line, its reason, and itself for the quarantine."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from commands.activity.quarantine import Unusable
from workers.connectors.engine import count, quoted
from workers.connectors.errors import SourceFileError
from workers.connectors.loading import Loaded
from workers.connectors.plan import Problem
from workers.connectors.raw import Raw, records
from workers.connectors.source_file import LINE

_BLOCK = 1 << 20
_FEW = 20
_LONGEST_FIELD = 1 << 24
_NO_ROW: Final = {
    "MISSING COLUMNS": "fewer columns than the header",
    "TOO MANY COLUMNS": "more columns than the header",
    "UNQUOTED VALUE": "a quoted value that does not end where it should",
    "LINE SIZE OVER MAXIMUM": "longer than two megabytes",
}


def quarantined(engine: duckdb.DuckDBPyConnection, loaded: Loaded) -> int:
    """How many rows were refused so far."""
    return count(engine, "SELECT count(*) FROM broken") + len(loaded.raw.rejected())


def refuse_nonsense(engine: duckdb.DuckDBPyConnection, loaded: Loaded, chunk: int) -> None:
    """After the first chunk, before anything is written: raise `SourceFileError` if most of it is broken."""
    refused = quarantined(engine, loaded) if chunk == 0 else 0
    seen = loaded.facts.rows_of(0) + len(loaded.raw.rejected()) if refused else 0
    if seen < _FEW or refused <= seen * loaded.plan.mapping.file_form.most_broken:
        return
    problems = loaded.plan.problems
    most = engine.execute("SELECT problem, count(*) AS n FROM broken GROUP BY 1 ORDER BY n DESC LIMIT 3").fetchall()
    reasons = "; ".join(f"{problems[int(problem)].detail} ({n:,} rows)" for problem, n in most)
    raise SourceFileError(
        f"{loaded.raw.file.name}: {refused:,} of the first {seen:,} rows cannot be read, so nothing was imported. "
        f"{reasons or 'They are no rows of this form'}. `koi import ... --check` shows the lines.",
        field="file",
    )


def unusable(engine: duckdb.DuckDBPyConnection, loaded: Loaded) -> Iterator[Unusable]:
    """Yield what was refused, in the order of the file (a header is line 1; in Parquet the first row is)."""
    raw = loaded.raw
    wanted = _wanted(engine, loaded.plan.problems)
    if raw.file.is_parquet:
        yield from _of_parquet(engine, raw, wanted)
    elif wanted or raw.rejected():
        yield from _of_csv(raw, wanted)


def _wanted(engine: duckdb.DuckDBPyConnection, problems: list[Problem]) -> dict[int, Problem]:
    found = engine.execute("SELECT ordinal, min(problem) FROM broken GROUP BY ordinal ORDER BY ordinal").fetchall()
    return {int(ordinal): problems[int(problem)] for ordinal, problem in found}


def _of_parquet(engine: duckdb.DuckDBPyConnection, raw: Raw, wanted: dict[int, Problem]) -> Iterator[Unusable]:
    sha256 = raw.file.sha256
    for line, why, text in raw.rejected():
        yield _entry(sha256, line, Problem("row.malformed", why), text.encode())
    number = quoted(LINE) if raw.file.is_numbered else "rowid + 1"
    rows = engine.execute(
        f"SELECT r.rowid, {number}, CAST(to_json(r) AS VARCHAR) FROM raw r "
        "WHERE rowid IN (SELECT ordinal FROM broken) ORDER BY 1"
    )
    for ordinal, line, text in rows.fetchall():
        yield _entry(sha256, int(line), wanted[int(ordinal)], str(text).encode())


def _of_csv(raw: Raw, wanted: dict[int, Problem]) -> Iterator[Unusable]:
    """Read the file a second time, for lines and whole rows: only where something was refused."""
    rejected = _lines_of(raw)
    csv.field_size_limit(_LONGEST_FIELD)
    ordinal = -1
    with raw.file.path.open("r", encoding="utf-8-sig", newline="") as stream:
        reader = records(stream, raw.file, raw.delimiter)
        if not raw.file.form.columns:
            next(reader, None)
        line = reader.line_num + 1
        for record in reader:
            if line in rejected:
                yield rejected.pop(line)
            elif record:  # an empty line is no row
                ordinal += 1
                if problem_here := wanted.pop(ordinal, None):
                    row = dict(zip(raw.header, record, strict=False))
                    yield _entry(raw.file.sha256, line, problem_here, msgspec.json.encode(row))
            line = reader.line_num + 1
    # Should the two readers ever disagree on what a row is, as on damaged files, nothing is dropped silently.
    yield from rejected.values()
    for ordinal, problem in wanted.items():
        yield _entry(raw.file.sha256, ordinal + 2, problem, b"")


def _entry(sha256: str, line: int, problem: Problem, row: bytes) -> Unusable:
    return Unusable(batch_key=sha256, line=line, reason=problem.reason, detail=problem.detail, raw=row)


def _lines_of(raw: Raw) -> dict[int, Unusable]:
    """Return what is no row, by the line it begins on."""
    rejected = raw.rejected()
    lines = _lines_at([position for position, *_ in rejected], raw.file.path) if rejected else []
    problems = [Problem("row.malformed", _NO_ROW.get(why, "no row of this file")) for _, why, _ in rejected]
    texts = [text.strip("\r\n").encode() for *_, text in rejected]
    return {
        line: _entry(raw.file.sha256, line, problem, text)
        for line, problem, text in zip(lines, problems, texts, strict=True)
    }


def _lines_at(positions: list[int], path: Path) -> list[int]:
    """Return the lines of byte positions, which come in their order."""
    lines, begun, line = [], 0, 1
    waiting = iter(positions)
    position = next(waiting, None)
    with path.open("rb") as stream:
        while position is not None and (block := stream.read(_BLOCK)):
            while position is not None and position < begun + len(block):
                lines.append(line + block[: position - begun].count(b"\n"))
                position = next(waiting, None)
            begun += len(block)
            line += block.count(b"\n")
    # The engine may mean the end of the file, or say nowhere.
    return lines + [line] * (len(positions) - len(lines))
