"""Excel and OpenDocument sheets as the engine reads them: every cell as text, each row with its line in the sheet.

A number cell holds 15 digits and no more: what was longer had lost the rest before the file was saved, so such a cell
is no identifier. A date is a number of days that the cell's format, or the mapping, says to be one.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from workers.connectors.errors import SourceFileError
from workers.connectors.source_file import LINE, Lost, SourceFile

_AT_ONCE = 20_000
_TOO_LONG = 10.0**15
# Day 0 as Excel counts from March 1900 on; before that it believes in a 29 February 1900.
_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - what the clock on the wall showed, as in any other file
_LAST_DAY = 2_958_465

Row = list[Any]


def sheet_as_rows(
    file: SourceFile, folder: Path, *, texts: Collection[str], times: Mapping[str, str | None]
) -> SourceFile:
    """Return the sheet the form names as Parquet in the folder.

    `texts` are the columns in which every digit counts, `times` those that hold dates, with the format they are
    declared in. Raises `SourceFileError`.
    """
    sheet = _sheet(file)
    rows = enumerate(sheet.iter_rows(), 1)
    header = [_named(cell) for _, row in islice(rows, file.form.skip, file.form.skip + 1) for cell in row]
    if not any(header):
        raise SourceFileError(f"{file.name}: line {file.form.skip + 1} of {sheet.name} holds no names", field="file")
    names = [name if name and header.count(name) == 1 else f"column {i}" for i, name in enumerate(header)]
    converted = folder / f"sheet-{file.sha256[:16]}.parquet"
    kinds: dict[str, pa.DataType] = {**dict.fromkeys(names, pa.string()), LINE: pa.int64()}
    schema = pa.schema(kinds)
    lost: list[Lost] = []
    read = _Reading(names, texts, times, lost)
    with pq.ParquetWriter(converted, schema) as writer:
        filled = read.filled(rows)
        while some := list(islice(filled, _AT_ONCE)):
            columns = zip(*some, strict=True)
            arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    form = msgspec.structs.replace(file.form, format="parquet")
    return msgspec.structs.replace(file, path=converted, form=form, is_numbered=True, lost=tuple(lost))


class _Reading:
    """The rows of a sheet as text, without the empty ones; what has lost digits is noted."""

    def __init__(
        self, names: list[str], texts: Collection[str], times: Mapping[str, str | None], lost: list[Lost]
    ) -> None:
        self._names = names
        self._is_text = [name in texts for name in names]
        self._times = [(name in times, times.get(name)) for name in names]
        self._lost = lost

    def filled(self, rows: Iterator[tuple[int, Row]]) -> Iterator[list[str | int | None]]:
        ordinal = 0
        for line, row in rows:
            if all(cell == "" for cell in row):
                continue
            texts: list[str | int | None] = []
            for i, name in enumerate(self._names):
                cell = row[i] if i < len(row) else ""
                if self._is_text[i] and isinstance(cell, float) and abs(cell) >= _TOO_LONG:
                    self._lost.append(Lost(ordinal, name))
                texts.append(_text(cell, *self._times[i]))
            yield [*texts, line]
            ordinal += 1


def _text(cell: Any, is_time: bool, form: str | None) -> str | None:  # noqa: FBT001 - of one column, as noted above
    match cell:
        case "":
            return None
        case bool():
            return "true" if cell else "false"
        case float() if is_time and form is None and 1 <= cell <= _LAST_DAY:
            return _written(_DAY_0 + timedelta(milliseconds=round(cell * 86_400_000)), None)
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date() | time():
            return _written(cell, form if is_time else None)
    return str(cell)


def _written(moment: date | time, form: str | None) -> str:
    """A date cell is a date, however the texts of its column are written."""
    if form and "%" in form and not isinstance(moment, time):
        return moment.strftime(form)
    return moment.isoformat(sep=" ") if isinstance(moment, datetime) else moment.isoformat()


def _named(cell: Any) -> str:
    return (_text(cell, is_time=False, form=None) or "").strip()


def _sheet(file: SourceFile) -> CalamineSheet:
    wanted = file.form.sheet
    try:
        book = CalamineWorkbook.from_path(str(file.path))
        if isinstance(wanted, int) and 0 < wanted <= len(book.sheet_names):
            return book.get_sheet_by_index(wanted - 1)
        if wanted in book.sheet_names:
            return book.get_sheet_by_name(str(wanted))
    except (CalamineError, OSError) as error:
        raise SourceFileError(f"{file.name} is no spreadsheet that can be read: {error}", field="file") from None
    names = ", ".join(book.sheet_names)
    raise SourceFileError(f"{file.name} has no sheet {wanted}; it has {names} (1 is the first)", field="file.sheet")
