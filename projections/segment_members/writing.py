"""Who is in a segment as a file: written aside as it is worked out, so that a slow reader keeps nobody waiting."""

import csv
import io
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from tempfile import TemporaryFile
from typing import IO, Final, Literal

Form = Literal["csv", "parquet"]
TYPES: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_COLUMN: Final = "profile_id"
_BLOCK: Final = 1 << 18


async def written_out(parts: AsyncGenerator[list[str]], form: Form) -> IO[bytes]:
    """Return the file, at its beginning, with all ids of the parts; closing it removes it."""
    file = TemporaryFile()  # noqa: SIM115 - who reads it closes it
    try:
        await (_csv if form == "csv" else _parquet)(file, parts)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what is in the file, and close it."""
    with file:
        while piece := file.read(_BLOCK):
            yield piece


async def _csv(file: IO[bytes], parts: AsyncGenerator[list[str]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_COLUMN])
    async with aclosing(parts) as found:
        async for part in found:
            writer.writerows([one] for one in part)
    text.detach()


async def _parquet(file: IO[bytes], parts: AsyncGenerator[list[str]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(_COLUMN, pa.string())])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        async with aclosing(parts) as found:
            async for part in found:
                writer.write_table(pa.table([pa.array(part, pa.string())], schema=schema))
