"""The receiving end: an HTTP server that notes when each message arrived, and answers at once."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


class _Data(msgspec.Struct):
    parameters: dict[str, str]


class _Body(msgspec.Struct):
    data: _Data


_decode = msgspec.json.Decoder(_Body).decode


class Sink:
    """When each marker arrived first (`time.perf_counter` seconds), and how often."""

    def __init__(self) -> None:
        """Begin without messages."""
        self.arrived: dict[str, float] = {}
        self.times: Counter[str] = Counter()
        self.url = ""
        self._changed = asyncio.Event()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
                marker = _decode(await reader.readexactly(length)).data.parameters["marker"]
                self.arrived.setdefault(marker, time.perf_counter())
                self.times[marker] += 1
                self._changed.set()
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def until(self, count: int, seconds: float) -> None:
        """Return once so many different messages have arrived, or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.arrived) < count:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return


@asynccontextmanager
async def open_sink() -> AsyncIterator[Sink]:
    """Listen on a free port of the loopback."""
    sink = Sink()
    server = await asyncio.start_server(sink.take, "127.0.0.1", 0)
    sink.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield sink
    finally:
        server.close()
