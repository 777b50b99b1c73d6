"""The quarantine: what could not be taken in, with place and reason, sealed until someone looks at it."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.runtime.connection import Connection
from domain.ingestion.mentions import Mentions

# `asked`: to be replayed; `replaying`: claimed by a replay under way. Whatever is settled is not kept any more.
State = Literal["open", "asked", "replaying", "replayed", "discarded", "erased"]

_NONCE_BYTES = 12
# What was settled and comes again lies here again: it is never dropped silently.
_INSERT = """
    INSERT INTO quarantine AS q (source, came_by, about, batch_key, line, reason, detail, sealed)
    SELECT $1, $7, $8, * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bytea[])
    ON CONFLICT (source, batch_key, line, reason) DO UPDATE
    SET sealed = excluded.sealed, detail = excluded.detail, state = 'open', received_at = excluded.received_at,
        came_by = excluded.came_by, about = excluded.about
    WHERE q.sealed = ''
"""
COLUMNS = """
    id, source, came_by, about, batch_key, line, reason, detail, sealed, received_at, state, settled_at, settled_by,
    outcome
"""
_LIST = f"""
    SELECT {COLUMNS} FROM quarantine
    WHERE id < coalesce($1, 9223372036854775807) AND ($2::text IS NULL OR source = $2)
      AND ($3::text IS NULL OR reason = $3) AND ($4::text IS NULL OR state = $4)
      AND ($5::timestamptz IS NULL OR received_at >= $5) AND ($6::timestamptz IS NULL OR received_at < $6)
    ORDER BY id DESC LIMIT $7
"""
_ONE = f"SELECT {COLUMNS} FROM quarantine WHERE id = $1"
_COUNTS = """
    SELECT source, reason, state, count(*) AS entries, min(received_at) AS oldest, max(received_at) AS newest
    FROM quarantine WHERE ($1::text IS NULL OR source = $1) AND ($2::text IS NULL OR state = $2)
    GROUP BY source, reason, state ORDER BY source, entries DESC, reason, state
"""
_KEPT = "SELECT id, source, sealed FROM quarantine WHERE sealed <> ''"
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
    """An entry as it lies there; `raw` is None unless it was asked for in clear, and once it is settled.

    `came_by` is what reads it when it is replayed (`segment`, `file` ...), `about` what that needs beside the bytes.
    """

    id: int
    source: str
    came_by: str
    about: dict[str, Any]
    batch_key: str
    line: int | None
    reason: str
    detail: str
    received_at: datetime
    state: State
    settled_at: datetime | None
    settled_by: str | None
    outcome: str | None
    raw: str | None


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are meant; what is None does not matter. Times with their zone, `until` exclusive."""

    source: str | None = None
    reason: str | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None


class ReasonCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of a source lie there for a reason, and since when."""

    source: str
    reason: str
    state: State
    entries: int
    oldest: datetime
    newest: datetime


_EVERYTHING = Chosen()


class Quarantine:
    """Seals entries under a key derived from the installation's master key: nobody knows yet whose data they hold."""

    def __init__(self, pool: asyncpg.Pool, master_key: bytes) -> None:
        """Take where entries lie, and the installation's key."""
        self.pool = pool
        self._key = AESGCM(hmac.digest(master_key, b"koi quarantine", hashlib.sha256))

    async def put(
        self, source: str, entries: Sequence[Unusable], *, came_by: str = "", about: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the entries durably; those that lie there already are kept once."""
        # A statement touches a row once, even if one request holds the same broken message twice.
        once = {(entry.batch_key, entry.line, entry.reason): entry for entry in entries}
        if once:
            await self.pool.execute(
                _INSERT,
                source,
                [entry.batch_key for entry in once.values()],
                [entry.line for entry in once.values()],
                [entry.reason for entry in once.values()],
                [entry.detail for entry in once.values()],
                [self.sealed(source, entry.raw) for entry in once.values()],
                came_by,
                msgspec.json.encode(about or {}).decode(),
            )

    async def newest(
        self,
        *,
        before: int | None = None,
        source: str | None = None,
        limit: int = 50,
        in_clear: bool = False,
        chosen: Chosen = _EVERYTHING,
    ) -> list[Quarantined]:
        """Return the entries that came before the one given, the newest first."""
        filters = (source or chosen.source, chosen.reason, chosen.state, chosen.since, chosen.until)
        rows = await self.pool.fetch(_LIST, before, *filters, limit)
        return [self._entry(row, in_clear=in_clear) for row in rows]

    async def one(self, entry_id: int, *, in_clear: bool = False) -> Quarantined | None:
        """Return an entry."""
        row = await self.pool.fetchrow(_ONE, entry_id)
        return self._entry(row, in_clear=in_clear) if row else None

    async def counts(self, *, source: str | None = None, state: State | None = None) -> list[ReasonCount]:
        """Return how many entries there are, by source and reason."""
        return [ReasonCount(**row) for row in await self.pool.fetch(_COUNTS, source, state)]

    async def destroy_about(self, connection: Connection, names: Collection[str]) -> int:
        """Destroy what lies here in clear about the person whom these values name; return how many entries."""
        mentions = Mentions(names)
        if not mentions:
            return 0
        found = [
            row["id"]
            async for row in connection.cursor(_KEPT, prefetch=_AT_ONCE)
            if (raw := self.unsealed(row["source"], row["sealed"])) is not None and mentions.found_in(raw)
        ]
        await connection.execute(_DESTROY, found)
        return len(found)

    def sealed(self, source: str, raw: bytes) -> bytes:
        """Return the bytes sealed, bound to their source."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, raw, source.encode())

    def unsealed(self, source: str, sealed: bytes) -> bytes | None:
        """Return the bytes as they came; None where they are no longer kept."""
        if not sealed:
            return None
        try:
            return self._key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], source.encode())
        except InvalidTag:
            return None

    def _entry(self, row: asyncpg.Record, *, in_clear: bool) -> Quarantined:
        fields = dict(row)
        sealed = fields.pop("sealed")
        raw = self.unsealed(row["source"], sealed) if in_clear else None
        shown = None if raw is None else raw.decode(errors="replace")
        return Quarantined(**fields | {"about": msgspec.json.decode(row["about"]), "raw": shown})
