"""A file's rows as they stand in it, in a table `raw` whose rowid is their order; and the records that are no rows."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import duckdb

from domain.ingestion.mapping import MappingError
from workers.connectors.engine import count, literal, quoted
from workers.connectors.errors import SourceFileError
from workers.connectors.source_file import LINE, SourceFile

_DELIMITERS = ",\t;|"
_HEADER_BYTES = 1 << 20
# The keys of a mapping whose columns nobody may have filled.
_MAY_BE_EMPTY = ("fields.", "lines.", "amount")


class Records(Protocol):
    """The records of a CSV file."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class Raw:
    """A loaded file: the columns it has, the type of those that were loaded, and how many rows."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, file: SourceFile) -> None:
        """Look at the file's columns.

        Raises:
            SourceFileError: it cannot be read.
        """
        self._engine = engine
        self.file = file
        self.delimiter = "," if file.is_parquet else delimiter_of(file)
        self.types: dict[str, str] = {}
        self.rows = 0
        if file.is_parquet:
            described = self._asked(f"DESCRIBE SELECT * FROM {self._source()}")
            self.header = [str(name) for name, *_ in described if name != LINE]
        else:
            self.header = header_of(file, self.delimiter)

    def load(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Create `raw` with the columns `wanted` (key of the mapping, column), keeping apart what are no rows.

        Raises:
            SourceFileError: it cannot be read.
            MappingError: it has no such column.
        """
        columns = [self._column(column) for column in self._checked(wanted)]
        if self.file.is_numbered:
            columns.append(quoted(LINE))
        self._asked(f"CREATE TABLE raw AS SELECT {', '.join(columns)} FROM {self._source(', store_rejects = true')}")
        self.types = {str(name): str(kind) for name, kind, *_ in self._asked("DESCRIBE raw")}
        self.rows = count(self._engine, "SELECT count(*) FROM raw")

    def load_lookup(self, table: str, on: Sequence[tuple[str, str]]) -> None:
        """Create a table of the whole file in which the columns `on` are unique: the first row counts.

        Raises:
            SourceFileError: it cannot be read.
            MappingError: it has no such column.
        """
        keys = ", ".join(quoted(column) for column in self._checked(on))
        turns = f"SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY rowid) AS koi_turn FROM loaded"
        self._asked(f"CREATE TEMP TABLE loaded AS SELECT * FROM {self._source()}")
        self._asked(f"CREATE TABLE {table} AS SELECT * EXCLUDE (koi_turn) FROM ({turns}) WHERE koi_turn = 1")
        self._asked("DROP TABLE loaded")
        self.types = {str(name): str(kind) for name, kind, *_ in self._asked(f"DESCRIBE {table}")}

    def rejected(self) -> list[tuple[int, str, str]]:
        """Return what the reader refused as rows: where it begins (byte, from 0; or line, from 1), why, its text."""
        if self.file.is_parquet:
            return list(self.file.rejects)
        found = self._asked(
            "SELECT any_value(line_byte_position), any_value(error_type), any_value(csv_line) FROM reject_errors "
            "GROUP BY scan_id, file_id, line ORDER BY 1"
        )
        return [(int(str(position)), str(why), str(text)) for position, why, text in found]

    def _source(self, more: str = "") -> str:
        path = literal(str(self.file.path))
        if self.file.is_parquet:
            return f"read_parquet({path}, union_by_name = true)"
        form = self.file.form
        # Names of columns nobody asks for need not be different, or there at all; the engine wants them to be.
        names = [name if self.header.count(name) == 1 and name else f"column {i}" for i, name in enumerate(self.header)]
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        quote = literal(form.quote)
        return (
            f"read_csv({path}, auto_detect = false, delim = {literal(self.delimiter)}, quote = {quote}, "
            f"escape = {quote}, header = {not form.columns}, columns = {{{columns}}}{more})"
        )

    def _asked(self, sql: str) -> list[tuple[object, ...]]:
        try:
            return [tuple(row) for row in self._engine.execute(sql).fetchall()]
        except duckdb.Error as error:
            words = str(error).splitlines()[0]
            raise SourceFileError(f"{self.file.name} cannot be read: {words}", field="file") from None

    def _column(self, name: str) -> str:
        return quoted(name) if name in self.header else f"CAST(NULL AS VARCHAR) AS {quoted(name)}"

    def _checked(self, wanted: Sequence[tuple[str, str]]) -> list[str]:
        for key, column in wanted:
            if column not in self.header and self.file.is_sparse and key.startswith(_MAY_BE_EMPTY):
                continue
            if column not in self.header:
                detail = f"{self.file.name} has no column {column}; it has {', '.join(self.header)}"
                raise MappingError(f"{key}: {detail}", field=key)
            if self.header.count(column) > 1:
                raise MappingError(f"{key}: {self.file.name} has two columns {column}", field=key)
        return list(dict.fromkeys(column for _, column in wanted))


def delimiter_of(file: SourceFile) -> str:
    """Return what stands between the columns: as the mapping says, or what the header has most of."""
    return file.form.delimiter or max(_DELIMITERS, key=_first_line(file).count)


def header_of(file: SourceFile, delimiter: str) -> list[str]:
    """Return the names of the columns; those of the mapping for a file without a header.

    Raises:
        SourceFileError: the file is empty.
    """
    if file.form.columns:
        return list(file.form.columns)
    names: list[str] = next(records(io.StringIO(_first_line(file)), file, delimiter), [])
    if not names:
        raise SourceFileError(f"{file.name} is empty", field="file")
    return [name.strip() for name in names]


def records(lines: Iterable[str], file: SourceFile, delimiter: str) -> Records:
    """Return the file's records, with the number of the last line read in `line_num`."""
    if file.form.quote:
        return csv.reader(lines, delimiter=delimiter, quotechar=file.form.quote)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _first_line(file: SourceFile) -> str:
    with file.path.open("r", encoding="utf-8-sig", errors="replace", newline="") as stream:
        return stream.readline(_HEADER_BYTES)
