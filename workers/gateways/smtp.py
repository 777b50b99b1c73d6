"""Connections to one SMTP server: kept open between messages, at most a few at a time."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import SMTP, SMTPException

from domain.kernel.errors import InvalidInputError

_PLAIN_PORT, _SUBMISSION_PORT, _TLS_PORT = 25, 587, 465


class SmtpAddressError(InvalidInputError):
    """The address of the SMTP server cannot be read."""

    code: ClassVar[str] = "smtp.address"


def options(url: str, *, timeout: float) -> dict[str, Any]:
    """Read `smtp://user:password@host:port` or `smtps://...` into what a client is made from.

    With a password the connection must be encrypted (STARTTLS is demanded), without one it is where the server offers
    it; `?starttls=never` is for a server on the same machine. Raises `SmtpAddressError` without quoting the address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SmtpAddressError("the SMTP address is smtp://user:password@host:port", field="KOI_SMTP_URL") from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SmtpAddressError("the SMTP address is smtp://user:password@host:port", field="KOI_SMTP_URL")
    is_tls = parts.scheme == "smtps"
    start_tls: bool | None = True if parts.username else None
    if is_tls or parse_qs(parts.query).get("starttls") == ["never"]:
        start_tls = False
    usual = _TLS_PORT if is_tls else _SUBMISSION_PORT if parts.username else _PLAIN_PORT
    return {
        "hostname": parts.hostname,
        "port": port or usual,
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_tls": is_tls,
        "start_tls": start_tls,
        "timeout": timeout,
    }


class Connections:
    """Lends connections; one that broke is not lent again."""

    def __init__(
        self, url: str, *, timeout: float = 30.0, most: int = 4, tls_context: ssl.SSLContext | None = None
    ) -> None:
        """Take the server's address, how many seconds each answer may take, and how many connections it may see."""
        self._options = options(url, timeout=timeout) | {"tls_context": tls_context}
        self._free = asyncio.Semaphore(most)
        self._idle: list[SMTP] = []

    @asynccontextmanager
    async def lend(self, *, fresh: bool = False) -> AsyncIterator[tuple[SMTP, bool]]:
        """Lend a connected client, and tell whether it was used before; raises what connecting raises."""
        async with self._free:
            idle = None if fresh else self._pop_idle()
            client = idle or await self._connected()
            try:
                yield client, idle is not None
            except BaseException:
                client.close()
                raise
            if client.is_connected:
                self._idle.append(client)

    async def close(self) -> None:
        """Take leave of the server."""
        while client := self._pop_idle():
            try:
                await client.quit(timeout=1)
            except (SMTPException, OSError):
                client.close()

    def _pop_idle(self) -> SMTP | None:
        while self._idle:
            client = self._idle.pop()
            if client.is_connected:
                return client
        return None

    async def _connected(self) -> SMTP:
        client = SMTP(**self._options)
        await client.connect()
        return client
