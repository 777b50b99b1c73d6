"""`koi keys` and `koi audit` in processes of their own, as a person types them."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from commands.runtime.event_store import open_event_store
from commands.runtime.secrets import Secrets
from tests.commands.launched import a_launched_campaign


@pytest.fixture
def env(database: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a terminal beside a running Koi."""
    named = {"KOI_HOME": str(tmp_path), "KOI_DATABASE_URL": database, "KOI_NATS_URL": "nats://127.0.0.1:1"}
    return os.environ | named | {"COLUMNS": "200"}


async def koi(env: dict[str, str], *words: str, code: int = 0) -> str:
    """Run one command to its end, and return what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "workers", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
    )
    output, _ = await process.communicate()
    assert process.returncode == code, output.decode()
    return output.decode()


async def test_a_key_is_made_listed_and_revoked(env: dict[str, str]) -> None:
    """Shown once, and never again."""
    made = json.loads(
        await koi(env, "keys", "create", "--scope", "read", "--scope", "audit", "--label", "BI", "--json")
    )
    assert made["key"].startswith("koi_read_")
    listed = await koi(env, "keys", "list")
    assert made["key_id"] in listed
    assert made["key"] not in listed
    revoked = json.loads(await koi(env, "keys", "revoke", made["key_id"], "--json"))
    assert revoked["revoked_at"]
    assert "there is no key" in await koi(env, "keys", "revoke", "key_nothing", code=1)
    assert "source" in await koi(env, "keys", "create", "--scope", "ingest", "--label", "x", code=1)


async def test_history_is_told_and_verified(env: dict[str, str], database: str, secrets: Secrets) -> None:
    """A stream's events, why the last of them happened, and that nobody has touched them since."""
    async with open_event_store(database, secrets.master_key, pool_size=2) as store:
        campaign_id = await a_launched_campaign(store.streams)
    told = [json.loads(line) for line in (await koi(env, "audit", "stream", str(campaign_id), "--json")).splitlines()]
    assert told[-1]["topic"] == "campaign.launched.v1"
    assert "operator li" in await koi(env, "audit", "stream", str(campaign_id))
    why = await koi(env, "audit", "why", str(told[-1]["position"]))
    assert "had launched version 1" in why
    assert "上线了活动的旅程第 1 版" in why
    assert "no chain has been kept" in await koi(env, "audit", "verify-chain", code=1)
    assert "nothing in the log" in await koi(env, "audit", "why", "01234567-89ab-7def-8123-456789abcdef", code=1)
