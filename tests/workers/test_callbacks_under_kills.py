"""Kill -9 while WeChat calls: what was answered `success` happened once, words on consent included."""

import asyncio
import signal
import time
from contextlib import suppress

import asyncpg
import httpx
import psutil
import pytest

from commands.runtime.services import read_services
from tests.api.calling import AES_KEY, APP, TOKEN, an_openid, declare, encrypted, event
from tests.patience import PATIENCE
from tests.workers.seen import seen
from workers.bench.stack import Stack, running

_CALLS = 80
_KILLED_AT = {25: "api", 55: "postgres"}


def _kill(stack: Stack, victim: str) -> None:
    services = read_services(stack.settings.home)
    assert services is not None
    with suppress(psutil.NoSuchProcess):
        psutil.Process(services.pids[victim]).send_signal(signal.SIGKILL)


async def _told(stack: Stack, client: httpx.AsyncClient, address: str, message: str) -> None:
    """Tell it as WeChat does, more patiently: the same message again until it is answered with success."""
    body, query = encrypted(message)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            answer = await client.post(address, content=body, params=query)
            if (answer.status_code, answer.text) == (200, "success"):
                return
        await asyncio.sleep(0.2)  # as WeChat waits between its tries
    pytest.fail(f"it was never answered with success\n{await seen(stack)}")


@pytest.mark.slow
async def test_what_wechat_was_answered_happened_once() -> None:
    """Every blocked receipt is one fact and one withdrawal."""
    async with running() as stack:
        keys = {"app_id": APP, "token": TOKEN, "aes_key": AES_KEY}
        address = declare(stack.settings.sources_folder, "wechat", kind="wechat", **keys)
        async with httpx.AsyncClient(base_url=stack.settings.api_url, trust_env=False, timeout=30) as client:
            for number in range(_CALLS):
                receipt = event(an_openid(), "TEMPLATESENDJOBFINISH", MsgID=number, Status="failed:user block")
                telling = asyncio.create_task(_told(stack, client, address, receipt))
                if victim := _KILLED_AT.get(number):
                    _kill(stack, victim)
                await telling
        connection = await asyncpg.connect(stack.settings.database_url)
        try:
            facts = await connection.fetch("SELECT body->>'provider_id' AS id FROM fact_log ORDER BY fact_id")
            words = await connection.fetchval(
                "SELECT count(*) FROM decision_log WHERE topic = 'customer.consent_changed.v3'"
            )
        finally:
            await connection.close()
    assert sorted(int(row["id"]) for row in facts) == list(range(_CALLS))
    assert words == _CALLS
