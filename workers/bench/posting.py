"""A lean HTTP client: prepared requests over kept connections, so that the load costs little beside what it loads."""

import asyncio
import base64
import time
from collections.abc import Sequence

import msgspec

from commands.runtime.settings import Settings
from workers.bench.stack import BenchError


class Answered(msgspec.Struct, frozen=True):
    """One request's fate: seconds until its answer, and the position it was recorded at."""

    seconds: float
    position: int


def request(
    settings: Settings, path: str, key: str | None, body: bytes, *, media_type: str = "application/json"
) -> bytes:
    """Return the bytes of a POST as an SDK sends it: the key as Basic user name, or elsewhere (None)."""
    shown = "" if key is None else f"Authorization: Basic {base64.b64encode(f'{key}:'.encode()).decode()}\r\n"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {settings.host}:{settings.port}\r\n{shown}"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def post_all(settings: Settings, requests: Sequence[bytes], *, connections: int) -> list[Answered]:
    """Send every request over this many connections, each waiting for its answer; raises on any that is not 2xx."""
    waiting = iter(requests)

    async def one() -> list[Answered]:
        reader, writer = await asyncio.open_connection(settings.host, settings.port)
        answered = []
        for prepared in waiting:
            began = time.perf_counter()
            writer.write(prepared)
            position = await _answer(reader)
            answered.append(Answered(time.perf_counter() - began, position))
        writer.close()
        return answered

    shares = await asyncio.gather(*(one() for _ in range(connections)))
    return [answered for share in shares for answered in share]


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    if not 200 <= status < 300:  # noqa: PLR2004 - the range of HTTP's success
        msg = f"the API answered {status}: {body[:300].decode(errors='replace')}"
        raise BenchError(msg)
    return int(fields.get("koi-position", "0"))
