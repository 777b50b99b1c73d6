"""`callbacks`: encrypted events of WeChat, one a call as WeChat sends them, each told twice; how long WeChat waits."""

import base64
import hashlib
import os
import time
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from domain.ingestion.callbacks.envelope import aes_key
from workers.bench import floors, posting
from workers.bench.ingest import projected
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.stack import Stack, running

DEFAULT_ITEMS = 20_000
_CONNECTIONS = 32
_APP, _TOKEN, _SECRET = "wx-bench", "bench-token", "an-address-for-the-bench"
_ENCODED = base64.b64encode(bytes(range(32))).decode().rstrip("=")
_KEY = aes_key(_ENCODED)
_SOURCE = f"""
kind = "wechat"
hook = "{_SECRET}"
app_id = "{_APP}"
token = "{_TOKEN}"
aes_key = "{_ENCODED}"
"""
_PADDED_TO = 32


async def callbacks(items: int) -> Report:
    """Measure calls a second and the time of each answer, with every event told twice; WeChat waits for 5 seconds."""
    calls = [_call(number) for number in range(items // 2)] * 2
    bare = await floors.bare_route([body for _, body in calls[:400]], _CONNECTIONS)
    async with running() as stack:
        _declare(stack.settings.sources_folder)
        requests = [posting.request(stack.settings, path, None, body, media_type="text/xml") for path, body in calls]
        before, began = stack.cpu(), time.perf_counter()
        answered = await posting.post_all(stack.settings, requests, connections=_CONNECTIONS)
        seconds = time.perf_counter() - began
        await projected(stack, max(one.position for one in answered))
        cpu = stack.cpu().since(before)
        facts = await _facts(stack)
    latencies = [one.seconds * 1000 for one in answered]
    rate = len(calls) / seconds
    return Report(
        bench="callbacks",
        value=rate,
        unit="calls/s",
        floor=Floor("bare Litestar route", bare, "calls/s"),
        ratio=rate / bare,
        cpu_ms_per_item=cpu.seconds * 1000 / len(calls),
        p50_ms=percentile(latencies, 0.50),
        p95_ms=percentile(latencies, 0.95),
        p99_ms=percentile(latencies, 0.99),
        items=len(calls),
        lost=max(0, items // 2 - facts),
        duplicated=max(0, facts - items // 2),
        seconds=seconds,
        load=load(),
        further={"slowest answer, ms": max(latencies)} | cpu.each(len(calls)),
    )


def _declare(sources: Path) -> None:
    sources.mkdir(parents=True, exist_ok=True)
    (sources / "wechat.toml").write_text(_SOURCE, encoding="utf-8")


def _call(number: int) -> tuple[str, bytes]:
    """Return address and body of one event in safe mode."""
    told = (
        "<xml><ToUserName><![CDATA[gh_bench]]></ToUserName>"
        f"<FromUserName><![CDATA[o{number % 5_000:027}]]></FromUserName>"
        f"<CreateTime>{1_764_000_000 + number}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[store_{number % 300}]]></EventKey></xml>"
    ).encode()
    plain = os.urandom(16) + len(told).to_bytes(4, "big") + told + _APP.encode()
    pad = _PADDED_TO - len(plain) % _PADDED_TO
    encryptor = Cipher(AES256(_KEY), CBC(_KEY[:16])).encryptor()
    encrypted = base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()
    signed = "".join(sorted((_TOKEN, "1764000000", str(number), encrypted))).encode()
    signature = hashlib.sha1(signed, usedforsecurity=False).hexdigest()
    query = f"msg_signature={signature}&timestamp=1764000000&nonce={number}&encrypt_type=aes"
    return f"/hooks/wechat/{_SECRET}?{query}", f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


async def _facts(stack: Stack) -> int:
    connection = await asyncpg.connect(stack.settings.database_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM fact_log"))
    finally:
        await connection.close()
