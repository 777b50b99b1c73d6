"""When the log cannot be written: what Sensors' SDKs send is kept on the disk, and taken once it can be."""

import asyncio
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from api.ingest.collector import Sent
from api.ingest.spool import Spool, SpoolFullError
from api.ingest.strangers import UNKNOWN, Strangers
from api.metrics import Metrics
from commands.activity.quarantine import Quarantine, Unusable
from commands.runtime.clock import now
from commands.runtime.event_store import open_pool
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.api.asking import a_name
from tests.api.running import serving
from tests.api.sensing import collect, record, tracked
from tests.api.test_outage import _allow
from tests.patience import PATIENCE
from workers.running.embedded_postgres import EmbeddedPostgres


async def test_nothing_answered_200_is_lost_while_the_log_is_away(
    postgres: EmbeddedPostgres, database: str, secrets: Secrets, tmp_path: Path
) -> None:
    """The mini-program's SDK takes any answer for yes: so the disk makes it true, also across a restart."""
    own = Settings.build({"KOI_HOME": str(tmp_path)}, database_url=database, nats_url="nats://127.0.0.1:1")
    name, database_name = a_name(), str(conninfo_to_dict(database)["dbname"])
    one = record("profile_increment", name, properties={"visits": 1})
    with serving(own, secrets) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as client:
            await collect(client, secrets.write_key, tracked(name))
            await _allow(postgres, database_name, connections=False)
            assert await collect(client, secrets.write_key, tracked(name, n=1), one) == 0
            assert await collect(client, secrets.write_key, one, tracked(name, n=2)) == 0
    spool = list((tmp_path / "spool").glob("*.sealed"))
    assert len(spool) == 2
    assert all(name.encode() not in file.read_bytes() for file in spool)
    await _allow(postgres, database_name, connections=True)
    with serving(own, secrets):
        async with await open_pool(database, size=1) as pool, asyncio.timeout(PATIENCE):
            while await pool.fetchval("SELECT count(*) FROM fact_log") < 4:  # noqa: ASYNC110 - another task gets there
                await asyncio.sleep(0.05)
            names = await pool.fetch("SELECT name, count(*) AS times FROM fact_log GROUP BY name")
    assert {row["name"]: row["times"] for row in names} == {"custom.view_product": 3, "profile.incremented": 1}


async def test_a_full_disk_is_no_reason_to_say_yes(tmp_path: Path) -> None:
    """What is beyond the bound is refused; what lies there is handed on in its order, one that fails is tried again."""
    taken: list[bytes] = []
    fails = [True]

    async def take(sent: Sent) -> None:
        if fails:
            raise ConnectionError(fails.pop())
        taken.append(sent.body)

    spool = Spool(tmp_path / "spool", b"k" * 32, take, most_bytes=600)
    for body in (b"1", b"2"):
        await spool.put(Sent(b"q", body, now()))
    with pytest.raises(SpoolFullError):
        await spool.put(Sent(b"q", b"3" * 600, now()))
    async with Spool(tmp_path / "spool", b"k" * 32, take), asyncio.timeout(PATIENCE):
        while list((tmp_path / "spool").glob("*.sealed")):  # noqa: ASYNC110 - another task gets there
            await asyncio.sleep(0.05)
    assert taken == [b"1", b"2"]


async def test_strangers_cannot_fill_the_disk(database: str) -> None:
    """So many entries and bytes, over all of them; what is beyond is counted and dropped."""
    metrics = Metrics()
    async with await open_pool(database, size=2) as pool:
        quarantine = Quarantine(pool, b"k" * 32)

        def entries(first: int, count: int) -> list[Unusable]:
            return [
                Unusable(batch_key=str(number), line=0, reason="source.unknown", detail="", raw=b"x" * 10)
                for number in range(first, first + count)
            ]

        strangers = Strangers(quarantine, metrics, pool, most_entries=5, most_bytes=1_000)
        assert await strangers.keep(entries(0, 3)) == 3
        assert await strangers.keep(entries(3, 9)) == 2
        again = Strangers(quarantine, metrics, pool, most_entries=5, most_bytes=1_000)
        assert await again.keep(entries(20, 1)) == 0, "another process sees what lies there"
        assert await pool.fetchval("SELECT count(*) FROM quarantine WHERE source = $1", UNKNOWN) == 5
    told = metrics.text([], 0).decode()
    assert 'koi_ingest_events_total{outcome="dropped",source="unknown"} 8.0' in told
