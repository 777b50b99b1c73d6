"""The quarantine: what could not be taken in, with place and reason, sealed until someone looks at it."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.runtime.connection import Connection
from domain.ingestion.mentions import Mentions

_NONCE_BYTES = 12
_INSERT = """
    INSERT INTO quarantine (source, batch_key, line, reason, detail, sealed)
    SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bytea[]) ON CONFLICT DO NOTHING
"""
_LIST = """
    SELECT id, source, batch_key, line, reason, detail, sealed, received_at FROM quarantine
    WHERE id < coalesce($1, 9223372036854775807) AND ($2::text IS NULL OR source = $2)
    ORDER BY id DESC LIMIT $3
"""
_OPEN = "SELECT id, source, sealed FROM quarantine WHERE sealed <> ''"
_DESTROY = """
    UPDATE quarantine SET sealed = '', state = 'erased', settled_at = clock_timestamp(), settled_by = 'erasure'
    WHERE id = ANY($1)
"""
_AT_ONCE = 500


class Unusable(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that could not be taken in.

    `batch_key` names what it came in, and with `line` (in a file from 1, in a request from 0) tells a repeat. `reason`
    is a stable code; neither it nor `detail` holds a personal value, `raw` may.
    """

    batch_key: str
    line: int | None
    reason: str
    detail: str
    raw: bytes


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it lies there; `raw` is None unless it was asked for in clear."""

    id: int
    source: str
    batch_key: str
    line: int | None
    reason: str
    detail: str
    received_at: datetime
    raw: str | None


class Quarantine:
    """Seals entries under a key derived from the installation's master key: nobody knows yet whose data they hold."""

    def __init__(self, pool: asyncpg.Pool, master_key: bytes) -> None:
        self._pool = pool
        self._key = AESGCM(hmac.digest(master_key, b"koi quarantine", hashlib.sha256))

    async def put(self, source: str, entries: Sequence[Unusable]) -> None:
        """Keep the entries durably; those that lie there already are kept once."""
        if entries:
            await self._pool.execute(
                _INSERT,
                source,
                [entry.batch_key for entry in entries],
                [entry.line for entry in entries],
                [entry.reason for entry in entries],
                [entry.detail for entry in entries],
                [self._sealed(source, entry.raw) for entry in entries],
            )

    async def newest(
        self, *, before: int | None = None, source: str | None = None, limit: int = 50, in_clear: bool = False
    ) -> list[Quarantined]:
        """Return the entries that came before the one given, the newest first."""
        return [
            Quarantined(
                id=row["id"],
                source=row["source"],
                batch_key=row["batch_key"],
                line=row["line"],
                reason=row["reason"],
                detail=row["detail"],
                received_at=row["received_at"],
                raw=self._clear(row["source"], row["sealed"]) if in_clear else None,
            )
            for row in await self._pool.fetch(_LIST, before, source, limit)
        ]

    async def destroy_about(self, connection: Connection, names: Collection[str]) -> int:
        """Destroy what lies here in clear about the person whom these values name; return how many entries."""
        mentions = Mentions(names)
        if not mentions:
            return 0
        found = [
            row["id"]
            async for row in connection.cursor(_OPEN, prefetch=_AT_ONCE)
            if (text := self._clear(row["source"], row["sealed"])) is not None and mentions.found_in(text)
        ]
        await connection.execute(_DESTROY, found)
        return len(found)

    def _sealed(self, source: str, raw: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, raw, source.encode())

    def _clear(self, source: str, sealed: bytes) -> str | None:
        if not sealed:  # settled: it is no longer kept
            return None
        try:
            clear = self._key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], source.encode())
        except InvalidTag:
            return None
        return clear.decode(errors="replace")
