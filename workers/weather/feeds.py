"""Read the rows of a feed: of each file, or of each answer."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import fsspec
import httpx
import msgspec
import pyarrow.parquet as pq

from domain.ingestion.mapping import FileForm
from workers.connectors.errors import NoSuchFileError, SourceFileError
from workers.connectors.source_file import locate
from workers.weather.declaration import WeatherFeed

_MOST_BYTES: Final = 64 * 1024 * 1024
Row = dict[str, Any]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that came together: where from, and each row with its number (from 1)."""

    name: str
    rows: list[Row]


class FeedError(SourceFileError):
    """A feed did not answer, or not with rows; it is asked again later."""

    code = "weather.feed"


def files_of(feed: WeatherFeed, base: Path) -> Iterator[Batch]:
    """Yield the rows of each file, whole; raises `SourceFileError`."""
    try:
        addresses = locate(FileForm(path=feed.path), base)
    except NoSuchFileError:
        return  # nothing was delivered yet
    for address in addresses:
        name = address.rpartition("/")[2]
        try:
            with fsspec.open(address, "rb", compression="infer") as stream:
                raw: bytes = stream.read(_MOST_BYTES + 1)
        except OSError as error:
            raise SourceFileError(f"{name} cannot be read: {type(error).__name__}", field="path") from None
        if len(raw) > _MOST_BYTES:
            raise SourceFileError(f"{name} has more than 64 MB: weather is less", field="path")
        yield Batch(name=name, rows=_rows(name, raw, feed))


def _rows(name: str, raw: bytes, feed: WeatherFeed) -> list[Row]:
    kind = name.removesuffix(".gz").rpartition(".")[2].lower()
    try:
        if kind in {"parquet", "pq"}:
            return list(pq.read_table(io.BytesIO(raw)).to_pylist())
        text = raw.decode("utf-8-sig")
        if kind in {"jsonl", "ndjson"}:
            return [row for line in text.splitlines() if line.strip() and isinstance(row := json.loads(line), dict)]
        if kind == "json":
            return _listed(json.loads(text), feed.rows)
        return list(csv.DictReader(text.splitlines()))
    except (ValueError, csv.Error) as error:
        raise SourceFileError(f"{name} is not {kind}: {type(error).__name__}", field="path") from None


async def answers_of(feed: WeatherFeed, client: httpx.AsyncClient, today: date) -> AsyncIterator[Batch]:
    """Yield the rows of each answer; raises `FeedError` for one that is none."""
    days = [today + timedelta(days=day) for day in range(feed.days)] if "{date}" in feed.url else [today]
    for region in feed.regions or ("",):
        for day in days:
            values = {"region": quote(region), "date": day.isoformat(), "key": quote(feed.key)}
            url = feed.url
            for name, value in values.items():
                url = url.replace(f"{{{name}}}", value)
            # Neither address nor answer may be told: the address holds the key.
            try:
                answer = await client.get(url, timeout=feed.timeout)
                answer.raise_for_status()
                rows = _listed(answer.json(), feed.rows)
            except httpx.HTTPStatusError as error:
                raise FeedError(f"the feed answered {error.response.status_code}", field="url") from None
            except (httpx.HTTPError, ValueError) as error:
                raise FeedError(f"the feed did not answer with rows: {type(error).__name__}", field="url") from None
            asked = {"region": region} if region else {}
            yield Batch(name=f"{region} {day}".strip(), rows=[{**_as_called(asked, feed), **row} for row in rows])


def _as_called(asked: Row, feed: WeatherFeed) -> Row:
    return {feed.columns.get(name, name): value for name, value in asked.items()}


def _listed(document: Any, path: str) -> list[Row]:
    for step in filter(None, path.split(".")):
        if not isinstance(document, dict) or step not in document:
            raise ValueError(path)
        document = document[step]
    rows = document if isinstance(document, list) else [document]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError(path)
    return rows
