"""History as files, each written exactly once."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from domain.activity.sealing import FileImported
from projections.engine.page import Page
from projections.engine.projection import Projection
from projections.engine.rebuild import rebuild
from projections.engine.verify import verify
from projections.engine.waiting import NotYetError, wait_until
from projections.lake import queries
from projections.lake.projector import NoPlaceError, lake_at
from projections.lake.store import UrlStore
from projections.views import VIEWS, views
from tests.projections.following import SECONDS, built, current, following
from tests.projections.log import NOON, Log, a_fact, an_order, customer_id


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the files go."""
    return tmp_path / "lake"


@pytest.fixture
def lake(database: str, place: Path) -> Projection:
    """A lake whose segments are full at a hundred rows."""
    return lake_at(place.as_uri(), database, most_rows=100)


def _digests(place: Path) -> dict[str, str]:
    files = (path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _history(log: Log) -> int:
    """Two months, two segments and a tail: 2 x 100 rows and 31 more; returns the last position."""
    log.register("li")
    for batch in range(9):
        facts = [
            a_fact(f"c{number}", at=NOON - timedelta(days=batch * 5), body='{"path": "/\\"quoted\\""}')
            for number in range(24)
        ]
        position = log.seal(*facts, an_order("li", 100 + batch, at=NOON, sealed=b"\x00secret"))
    return position


async def test_files_and_tail_together_are_all_facts(
    database: str, log: Log, lake: Projection, place: Path, reading: asyncpg.Connection
) -> None:
    """One reader over both, with filters; every fact comes once."""
    position = _history(log)
    await current(database, position, lake)

    every = await queries.read_facts(reading, place.as_uri(), database)
    some = await queries.read_facts(
        reading, place.as_uri(), database, since=NOON - timedelta(days=6), until=NOON, columns=["customer_id"]
    )

    where = await queries.extent(reading)
    assert every.num_rows == log.facts == 225
    assert len(set(every["fact_id"].to_pylist())) == 225
    assert some.column_names == ["customer_id"]
    assert some.num_rows == 24
    assert (sum(file.rows for file in where.files), where.closed_at, where.upto) == (200, 9, position)
    order = every.filter(pc.field("amount") == 100)
    assert order.to_pylist()[0] | {"fact_id": 0, "recorded_at": None} == {
        "fact_id": 0,
        "recorded_at": None,
        "occurred_at": NOON,
        "customer_id": str(customer_id("li")),
        "name": "order.completed",
        "source": "web",
        "amount": 100,
        "currency": "CNY",
        "body": "{}",
        "sealed": b"\x00secret",
    }


async def test_files_lie_by_month_and_customer_and_say_which_positions_they_hold(
    database: str, log: Log, lake: Projection, place: Path
) -> None:
    """The path tells what is inside, and inside rows are sorted by customer."""
    await current(database, _history(log), lake)

    for path in (place / "v1" / "facts").rglob("*.parquet"):
        rows = pq.read_table(path, partitioning=None).to_pylist()
        month, bucket, name = path.parts[-3:]
        assert name in {"000000000001-000000000005.parquet", "000000000006-000000000009.parquet"}
        assert {f"month={row['occurred_at']:%Y-%m}" for row in rows} == {month}
        assert {f"bucket={int(row['customer_id'][0], 16):02d}" for row in rows} == {bucket}
        assert rows == sorted(rows, key=lambda row: (row["customer_id"], row["occurred_at"], row["fact_id"]))
    decisions = pq.read_table(place / "v1/decisions/month=2026-11/000000000001-000000000005.parquet")
    assert decisions["position"].to_pylist() == [1, 2, 3, 4, 5]
    assert decisions["topic"].to_pylist()[0] == "customer.registered.v1"


async def test_a_replay_writes_the_same_bytes_under_the_same_names(
    database: str, log: Log, lake: Projection, place: Path, reading: asyncpg.Connection
) -> None:
    """Live in small pages, or anew in large ones: a lost lake comes back from the log."""
    async with following(database, lake):
        position = _history(log)
        await wait_until(reading, "lake", position, SECONDS)
    before = _digests(place)
    _remove(place.rglob("*.parquet"))
    missing = await queries.wrong_files(reading, place.as_uri())

    await rebuild(database, lake)

    assert len(before) == len(missing) > 30
    assert _digests(place) == before
    assert await queries.wrong_files(reading, place.as_uri()) == []
    assert (await verify(database, lake)).equal
    async with built(database, lake, purpose="pages", events=3):
        assert _digests(place) == before


async def test_a_crash_between_the_files_and_the_position_changes_nothing(
    database: str, log: Log, lake: Projection, place: Path, reading: asyncpg.Connection
) -> None:
    """The files are written, then the server goes away: they are written again, the same."""
    position = _history(log)
    left: list[dict[str, str]] = []

    async def crashing_once(connection: asyncpg.Connection, page: Page) -> None:
        await lake.apply(connection, page)
        if not left:
            left.append(_digests(place))
            raise ConnectionResetError

    await current(database, position, replace(lake, apply=crashing_once))

    assert len(left[0]) > 30
    assert _digests(place) == left[0]
    assert await queries.wrong_files(reading, place.as_uri()) == []
    assert (await verify(database, lake)).equal


async def test_a_verification_does_not_touch_the_files(
    database: str, log: Log, lake: Projection, place: Path, reading: asyncpg.Connection
) -> None:
    """It compares the manifests; whether the files are what the manifest says is asked apart."""
    await current(database, _history(log), lake)
    files = sorted((place / "v1" / "facts").rglob("*.parquet"))
    files[0].write_bytes(b"spoiled")
    files[1].unlink()

    verified = await verify(database, lake)

    assert verified.equal
    wrong = await queries.wrong_files(reading, place.as_uri())
    assert [one.what for one in wrong] == ["changed", "missing"]
    assert files[0].read_bytes() == b"spoiled"


async def test_an_imported_file_closes_its_segment(
    database: str, log: Log, lake: Projection, reading: asyncpg.Connection
) -> None:
    """What was imported is in the lake as soon as the import is through."""
    log.seal(a_fact("li"))
    imported = FileImported(
        source="pos",
        file_name="a.csv",
        sha256="0",
        size_bytes=1,
        rows=1,
        facts=1,
        customers=1,
        duplicates=0,
        quarantined=0,
    )
    await current(database, log.append((uuid4(), imported)), lake)

    assert [(file.rows, file.last_position) for file in await queries.files(reading)] == [(1, 2)]
    assert (await queries.extent(reading)).ranges == []


async def test_a_quiet_hour_ends_a_segment(
    database: str, log: Log, lake: Projection, reading: asyncpg.Connection
) -> None:
    """The first facts after it close what lay before, by the times in the log alone."""
    log.seal(a_fact("li"))
    log.consent("li")
    log.now += timedelta(hours=2)
    await current(database, log.seal(a_fact("li")), lake)

    assert [(file.first_position, file.last_position) for file in await queries.files(reading)] == [(1, 2)]


def test_any_object_store_will_do() -> None:
    """Files are put whole where there is nothing to rename."""
    store = UrlStore("memory://lake-of-tests")
    store.put([("v1/facts/a.parquet", pa.py_buffer(b"rows"))])

    assert store.sha256("v1/facts/a.parquet") == hashlib.sha256(b"rows").hexdigest()
    assert store.sha256("v1/facts/b.parquet") is None


async def test_a_lake_without_a_place_is_not_kept(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """It is on the map to be asked about; nothing is parked because nobody said where it lies."""
    (unplaced,) = (view for view in VIEWS if view.name == "lake")
    position = log.consent("li")

    async with following(database, unplaced):
        with pytest.raises(NotYetError):
            await wait_until(reading, "lake", position, 0.3)

    assert await reading.fetchval("SELECT count(*) FROM dead_letter") == 0
    assert NoPlaceError.__doc__
    assert [view.name for view in views("memory://x", database)] == [view.name for view in VIEWS]


def _remove(files: Iterable[Path]) -> None:
    for file in list(files):
        file.unlink()
