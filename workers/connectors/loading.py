"""Load a file under its mapping: rows, looked-up columns, named customers, groups and duplicates. It writes nothing."""

from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import msgspec

from domain.activity.vocabulary import Vocabulary
from domain.identity.naming import Naming
from domain.ingestion.mapping import Mapping, MappingError
from workers.connectors.asides import Asides
from workers.connectors.engine import quoted
from workers.connectors.errors import SourceFileError
from workers.connectors.facts import Facts
from workers.connectors.json_lines import lines_as_rows
from workers.connectors.people import mark, name_identifiers
from workers.connectors.plan import Plan
from workers.connectors.raw import Raw
from workers.connectors.snapshots import Snapshot, compare
from workers.connectors.source_file import LINE, Lost, SourceFile, fetch, in_utf8, locate, version_of, with_even_lines
from workers.connectors.spreadsheet import sheet_as_rows
from workers.connectors.suppressing import suppress

Place = tuple[str, str]  # where a column stands, as SQL, and its type


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is read against: who was erased (as `known` at a position), and the `last` file's snapshot."""

    suppressed: Collection[UUID] = ()
    known: int = 0
    last: Path | None = None


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the engine, ready to be taken chunk by chunk.

    It is a version of `version_of`, where versions replace each other. `suppressed` rows named somebody erased, as
    decided up to position `known` of the log, and are gone.
    """

    raw: Raw
    plan: Plan
    facts: Facts
    asides: Asides
    duplicates: int
    suppressed: int
    known: int
    version_of: str | None
    snapshot: Snapshot | None


def load(
    engine: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    file: SourceFile,
    *,
    base: Path,
    folder: Path,
    naming: Naming,
    before: Before | None = None,
) -> Loaded:
    """Bring everything into the engine; `base` is where the mapping lies, `folder` is for copies.

    Rows of people who were erased `before` are left out, and of a file that holds everybody those that are as in the
    last one.

    Raises:
        SourceFileError: the file, or one that is looked up, cannot be read.
        MappingError: the mapping does not fit the file.
    """
    _check_zones(mapping)
    before = before or Before()
    lookups = [_load_lookup(engine, mapping, number, base, folder) for number in range(len(mapping.lookup))]
    raw = _load_rows(engine, mapping, _readable(file, folder, mapping), folder, lookups)
    places: dict[str, Place] = {}
    for alias, table in reversed([("r", raw), *((f"k{i}", lookup) for i, lookup in enumerate(lookups))]):
        places |= {column: (f"{alias}.{quoted(column)}", kind) for column, kind in table.types.items()}
    snapshot, chosen = None, "true"
    if mapping.snapshot_form:
        snapshot = compare(engine, mapping, _saying(mapping, raw), before.last, naming)
        chosen = "r.rowid NOT IN (SELECT ordinal FROM unchanged)"
    identified = [places[one.column] for one in mapping.identifier]
    for number, (one, place) in enumerate(zip(mapping.identifier, identified, strict=True)):
        name_identifiers(engine, number, one, place, naming, chosen)
    mark(engine, mapping.identifier, identified, [places[column] for column in mapping.group_by], chosen)
    dropped = suppress(engine, mapping, before.suppressed)
    _note_lost(engine, raw.file.lost)
    plan = Plan(mapping, places, Vocabulary.load(), lost=sorted({one.column for one in raw.file.lost}))
    facts = Facts(engine, plan, _source(mapping), raw.rows)
    return Loaded(
        raw=raw,
        plan=plan,
        facts=facts,
        asides=Asides(mapping, base),
        duplicates=facts.find_duplicates(),
        suppressed=dropped,
        known=before.known,
        version_of=version_of(mapping, file),
        snapshot=snapshot,
    )


def _load_rows(
    engine: duckdb.DuckDBPyConnection, mapping: Mapping, file: SourceFile, folder: Path, lookups: Sequence[Raw]
) -> Raw:
    raw = Raw(engine, file)
    elsewhere = {column for lookup in lookups for column in lookup.header} - set(raw.header)
    own = {"key", "group_by"}
    wanted = [(k, c) for k, c in mapping.columns() if c not in elsewhere or k in own or k.startswith("identifier")]
    try:
        raw.load(wanted)
    except SourceFileError:
        if file.is_parquet:
            raise
        raw = Raw(engine, with_even_lines(file, folder))
        raw.load(wanted)
    return raw


def _load_lookup(engine: duckdb.DuckDBPyConnection, mapping: Mapping, number: int, base: Path, folder: Path) -> Raw:
    lookup = mapping.lookup[number]
    form = lookup.file_form
    file = fetch(locate(form, base)[0], form, folder)
    raw = Raw(engine, _readable(file, folder))
    raw.load_lookup(f"lookup{number}", [(f"lookup[{number}].on", column) for column in lookup.on])
    return raw


def _readable(file: SourceFile, folder: Path, mapping: Mapping | None = None) -> SourceFile:
    """Return the file as something the engine reads, converted into the folder where it has to be."""
    match file.format:
        case "parquet":
            return file
        case "csv":
            return in_utf8(file, folder)
        case "jsonl":
            return lines_as_rows(file, folder)
    columns = mapping.of_rows() if mapping else []
    times = {one.column: one.format for one in columns if one.type in {"date", "time"}}
    return sheet_as_rows(file, folder, texts={one.column for one in columns if one.type == "text"}, times=times)


def _saying(mapping: Mapping, raw: Raw) -> list[str]:
    """What a row says: everything but when it was written."""
    time = mapping.time_column.column if mapping.time_column else None
    return [name for name in raw.types if name not in {time, LINE}]


def _note_lost(engine: duckdb.DuckDBPyConnection, lost: Sequence[Lost]) -> None:
    """Create `lost`: the cells that are not what they were before a spreadsheet kept them."""
    engine.execute("CREATE TABLE lost (ordinal BIGINT, name VARCHAR)")
    if lost:
        engine.executemany("INSERT INTO lost VALUES (?, ?)", [list(one) for one in lost])


def _source(mapping: Mapping) -> str:
    joins = ["raw r JOIN marks m ON m.ordinal = r.rowid"]
    for i, lookup in enumerate(mapping.lookup):
        # As text: a number in one file may be a text in the other.
        same = " AND ".join(f"CAST(k{i}.{c} AS VARCHAR) = CAST(r.{c} AS VARCHAR)" for c in map(quoted, lookup.on))
        joins.append(f"LEFT JOIN lookup{i} k{i} ON {same}")
    return " ".join(joins)


def _check_zones(mapping: Mapping) -> None:
    times = [column.zone for column in mapping.of_rows()]
    for zone in {mapping.zone, *times}:
        try:
            ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            detail = f"{zone} is no time zone: write it as in Asia/Shanghai or America/New_York"
            raise MappingError(detail, field="zone") from None
