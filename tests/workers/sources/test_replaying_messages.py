"""What trackers and platforms sent is replayed by the parsers, the declarations and the keys of today."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import asyncpg
import pytest
from nats.aio.client import Client

from commands.activity.quarantine import Chosen, Unusable
from commands.activity.replaying import Replayed, replay_asked
from commands.activity.settling import ask_replay
from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from tests.api.calling import APP, TOKEN, an_openid, declare, event
from tests.domain.ingestion.test_sensors_encryption import AES_KEY, sealed
from tests.projections.following import until
from workers.quarantine.replayers import replayers
from workers.quarantine.role import LOCK, quarantine
from workers.runtime import Worker
from workers.sources.kind import Means, open_means

VIEWED: Final = {"event": "product viewed", "uuid": "u-1", "distinct_id": "M1", "properties": {"product_id": "P1"}}
TRACKED: Final[dict[str, Any]] = {
    "type": "track",
    "event": "ViewProduct",
    "distinct_id": "M1",
    "time": 1_794_500_000_000,
}


@pytest.fixture
async def means(settings: Settings, secrets: Secrets) -> AsyncIterator[Means]:
    """What a run works with."""
    async with (
        open_event_store(settings.database_url, secrets.master_key) as store,
        open_means(settings, secrets, store) as opened,
    ):
        yield opened


async def put(means: Means, source: str, came_by: str, *raws: bytes) -> None:
    """Let these lie in the quarantine, as the path they came by would have put them there."""
    entries = [
        Unusable(batch_key=f"{came_by}-{place}", line=0, reason="once.unreadable", detail="it was", raw=raw)
        for place, raw in enumerate(raws)
    ]
    await means.into.quarantine.put(source, entries, came_by=came_by)


async def replayed(means: Means) -> tuple[Replayed, Mapping[str, tuple[str, str]]]:
    """Replay everything; return what came of it, and state and reason of each entry."""
    await ask_replay(means.store.pool, Chosen(), by="li")
    done = await replay_asked(means.into.quarantine, replayers(means.settings, means.into, means.intake))
    lying = await means.into.quarantine.newest()
    return done, {one.batch_key: (one.state, one.reason) for one in lying}


async def facts(means: Means) -> list[tuple[str, str]]:
    """Return source and name of all facts."""
    rows = await means.store.pool.fetch("SELECT source, name FROM fact_log ORDER BY source, name")
    return [(row["source"], row["name"]) for row in rows]


async def test_events_of_posthog_become_history_once(means: Means) -> None:
    """One good by now, one told twice, one that names nobody still."""
    nobody = {"event": "product viewed", "uuid": "u-2", "properties": {}}
    await put(means, "web", "posthog", *(json.dumps(one).encode() for one in (VIEWED, VIEWED, nobody)))
    done, lying = await replayed(means)
    assert (done.replayed, done.known, done.refused) == (1, 1, 1)
    assert (lying["posthog-2"][0], await facts(means)) == ("open", [("web", "product.viewed")])


async def test_records_and_requests_of_sensors_are_read_by_what_the_project_declares_now(means: Means) -> None:
    """A single record, a whole request, an encrypted one whose key the project has since; damage stays damage."""
    _project(
        means.settings, events={"ViewProduct": "product.viewed"}, aes_keys={"7": base64.b64encode(AES_KEY).decode()}
    )
    later = TRACKED | {"time": TRACKED["time"] + 1}
    request = base64.b64encode(gzip.compress(json.dumps([later]).encode())).decode()
    envelope = {"key_id": 7, "payload": sealed(json.dumps(TRACKED | {"distinct_id": "M2"}).encode())}
    await put(
        means,
        "shop",
        "sensors",
        json.dumps(TRACKED).encode(),
        f"data_list={quote(request)}&gzip=1".encode(),
        f"data={quote(json.dumps(envelope))}&gzip=9".encode(),
        b"data_list=AAAA&gzip=1",
    )
    done, lying = await replayed(means)
    assert (done.replayed, done.refused) == (3, 1)
    assert await facts(means) == [("shop", "product.viewed")] * 3
    assert lying["sensors-3"][0] == "open"


async def test_calls_are_read_again_but_change_no_consent_and_erase_nobody(means: Means) -> None:
    """These wait for the platform's own next call, with its signature; who is declared no more is named."""
    declare(means.settings.sources_folder, "wechat", kind="wechat", app_id=APP, token=TOKEN)
    someone = an_openid()
    calls = [
        event(someone, "subscribe", EventKey="qrscene_spring"),
        event(someone, "TEMPLATESENDJOBFINISH", MsgID=7, Status="failed:user block"),
        event(someone, "user_authorization_cancellation", OpenID=someone),
    ]
    await put(means, "wechat", "call", *(one.encode() for one in calls))
    await put(means, "gone", "call", calls[0].encode())
    done, lying = await replayed(means)
    assert (done.replayed, done.refused) == (1, 3)
    assert await facts(means) == [("wechat", "qr.scanned"), ("wechat", "social.followed")]
    assert {lying["call-1"][1], lying["call-2"][1]} == {"call.not_replayable"}
    assert ("open", "source.undeclared") in {(one.state, one.reason) for one in await means.into.quarantine.newest()}


async def test_a_worker_that_has_replayed_lets_a_terminal_replay(means: Means) -> None:
    """One at a time, but nobody keeps the turn: `koi quarantine replay` works beside a running Koi."""
    await put(means, "web", "posthog", json.dumps(VIEWED).encode())
    worker = Worker(settings=means.settings, secrets=means.secrets, store=means.store, client=Client())
    role = asyncio.create_task(quarantine(worker))
    watching = await asyncpg.connect(means.settings.database_url)
    await ask_replay(means.store.pool, Chosen(), by="li")
    await until(watching, "SELECT count(*) FROM fact_log", 1)
    await until(watching, LOCK, 1)
    await watching.close()
    role.cancel()
    await asyncio.wait([role])


def _project(settings: Settings, **tables: Any) -> None:
    settings.sources_folder.mkdir(parents=True, exist_ok=True)
    lines = ['kind = "sensors"', 'project = "retail"']
    for name, table in tables.items():
        lines += [f"[{name}]", *(f'"{key}" = "{value}"' for key, value in table.items())]
    (settings.sources_folder / "shop.toml").write_text("\n".join(lines))
