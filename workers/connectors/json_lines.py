"""JSON lines as the engine reads them: an object a line, every value as text, `buyer.phone` for what lies inside.

Numbers keep the digits they are written with, lists stay JSON. What is no object is refused with its line.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from workers.connectors.source_file import LINE, Rejected, SourceFile

_AT_ONCE = 20_000
_DEEPEST = 5
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode
_encode = msgspec.json.Encoder().encode

Record = dict[str, str | int | None]


def lines_as_rows(file: SourceFile, folder: Path) -> SourceFile:
    """Return the lines as Parquet files in a folder of their own, each with the keys its lines have."""
    place = folder / f"lines-{file.sha256[:16]}"
    place.mkdir(exist_ok=True)
    rejects: list[Rejected] = []
    records = _records(file, rejects)
    number = 0
    while (some := list(islice(records, _AT_ONCE))) or number == 0:
        names = list(dict.fromkeys(name for record in some for name in record)) or [LINE]
        arrays = [
            pa.array([record.get(name) for record in some], pa.int64() if name == LINE else pa.string())
            for name in names
        ]
        pq.write_table(pa.table(arrays, names=names), place / f"part-{number:06}.parquet")
        number += 1
    form = msgspec.structs.replace(file.form, format="parquet")
    return msgspec.structs.replace(
        file, path=place / "*.parquet", form=form, is_numbered=True, is_sparse=True, rejects=tuple(rejects)
    )


def _records(file: SourceFile, rejects: list[Rejected]) -> Iterator[Record]:
    with file.path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip()
            if not text:
                continue
            try:
                found = _decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                rejects.append(Rejected(number, "no JSON object", text.decode(errors="replace")))
                continue
            record: Record = {}
            _flatten(found, "", 1, record)
            record[LINE] = number
            yield record


def _flatten(found: dict[str, Any], path: str, depth: int, into: Record) -> None:
    for key, value in found.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            _flatten(value, f"{path}{key}.", depth + 1, into)
        else:
            into[path + key] = _text(value)


def _text(value: Any) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return _encode(value).decode()
    return str(value)
