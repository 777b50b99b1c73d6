"""Tables into Parquet files, one per month and bucket; the same rows make the same bytes."""

import hashlib
from collections.abc import Iterator
from datetime import date

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BUCKETS = 16
_DIGITS = pa.array(list("0123456789abcdef"))


class LakeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the lake: a row of the manifest."""

    path: str
    kind: str
    month: date
    bucket: int | None
    first_position: int
    last_position: int
    rows: int
    bytes: int
    sha256: str


class Written(msgspec.Struct, frozen=True):
    """A file and its content."""

    file: LakeFile
    content: pa.Buffer


def bucket_of(customer_id: str) -> int:
    """Return the bucket of a customer: the first hexadecimal digit of the id, which is as good as random."""
    return int(customer_id[0], BUCKETS)


def facts_files(table: pa.Table, first_position: int, last_position: int) -> Iterator[Written]:
    """Yield the files of a segment's facts, which come in the order they shall have inside a file."""
    bucket = pc.index_in(pc.utf8_slice_codeunits(table["customer_id"], 0, 1), value_set=_DIGITS)
    keys = pc.call_function("add", [pc.multiply(_month(table), BUCKETS), bucket])
    for month, number, rows in _runs(table, keys, BUCKETS):
        name = f"facts/month={month:%Y-%m}/bucket={number:02d}/{_name(first_position, last_position)}"
        yield _written(rows, name, "facts", month, number, first_position, last_position)


def decisions_files(table: pa.Table, first_position: int, last_position: int) -> Iterator[Written]:
    """Yield the files of a segment's decisions, which come in order."""
    for month, _, rows in _runs(table, _month(table), 1):
        name = f"decisions/month={month:%Y-%m}/{_name(first_position, last_position)}"
        yield _written(rows, name, "decisions", month, None, first_position, last_position)


def _month(table: pa.Table) -> "pa.ChunkedArray[pa.Int64Scalar]":
    months = pc.multiply(pc.year(table["occurred_at"]), 12)
    numbers: pa.ChunkedArray[pa.Int64Scalar] = pc.call_function("add", [months, pc.month(table["occurred_at"])])
    return numbers


def _runs(
    table: pa.Table, keys: "pa.ChunkedArray[pa.Int64Scalar]", per_month: int
) -> Iterator[tuple[date, int, pa.Table]]:
    if not table.num_rows:
        return
    # The sort is stable: inside a file the rows keep the order they came in.
    order = pc.array_sort_indices(keys)
    table = table.take(order)
    runs = pc.call_function("run_end_encode", [keys.take(order).combine_chunks()])
    start = 0
    for end, key in zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True):
        months, number = divmod(key, per_month)
        years, month = divmod(months - 1, 12)
        yield date(years, month + 1, 1), number, table.slice(start, end - start)
        start = end


def _name(first_position: int, last_position: int) -> str:
    return f"{first_position:012d}-{last_position:012d}.parquet"


def _written(
    rows: pa.Table, path: str, kind: str, month: date, bucket: int | None, first_position: int, last_position: int
) -> Written:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd", store_schema=False)
    content = sink.getvalue()
    file = LakeFile(
        path=path,
        kind=kind,
        month=month,
        bucket=bucket,
        first_position=first_position,
        last_position=last_position,
        rows=rows.num_rows,
        bytes=content.size,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return Written(file, content)
