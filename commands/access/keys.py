"""API keys: shown once, kept as a hash, revoked for ever.

A key is 256 random bits, so a plain SHA-256 of it is as good as any slow hash: there is nothing to guess.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime

import asyncpg
import msgspec

from commands.access.scope import Scope, ScopeError, scopes
from commands.runtime.secrets import Secrets
from domain.kernel.errors import InvalidInputError, NotFoundError

_RANDOM_BYTES = 32
_ID_CHARACTERS = 12
_COLUMNS = "key_id, label, scopes, source, origins, created_at, revoked_at"
# RFC 6454: scheme and host as browsers write them, a port only where it is not the scheme's own.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
_INSERT = """
    INSERT INTO api_key (key_id, label, hash, scopes, source, origins) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (key_id) DO NOTHING
"""
_LIST = f"SELECT {_COLUMNS} FROM api_key ORDER BY created_at, key_id"
_FIND = f"SELECT {_COLUMNS} FROM api_key WHERE key_id = $1 AND hash = $2"
_REVOKE = f"UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = $1 RETURNING {_COLUMNS}"


class KeyNotFoundError(NotFoundError):
    """There is no key with this id."""

    code = "key.not_found"


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is known afterwards; `source` names the events that come in with it.

    `origins` are the web pages that may send events with it (https://shop.example.cn), all where there is none.
    """

    key_id: str
    label: str
    scopes: tuple[Scope, ...]
    source: str | None
    origins: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


class CreatedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key: `key` is shown here and never again."""

    key_id: str
    key: str
    label: str
    scopes: tuple[Scope, ...]
    source: str | None
    origins: tuple[str, ...]


async def create_key(
    pool: asyncpg.Pool, *, label: str, wanted: Iterable[str], source: str | None = None, origins: Iterable[str] = ()
) -> CreatedKey:
    """Make a key that opens the scopes; raises `ScopeError` or `InvalidInputError`.

    A key that may send events needs the name of the `source` they come from, and may name the `origins` of the web
    pages that send them.
    """
    opened = scopes(wanted)
    source = (source or "").strip() or None
    if not label.strip():
        raise InvalidInputError("a key needs a label, such as the system that will use it", field="label")
    if Scope.INGEST in opened and source is None:
        raise ScopeError("a key with the scope ingest names its source, such as web or app", field="source")
    if source is not None and Scope.INGEST not in opened:
        raise ScopeError("only a key with the scope ingest has a source", field="source")
    pages = _origins(origins)
    if pages and source is None:
        raise ScopeError("only a key with the scope ingest is used by web pages", field="origins")
    key = f"koi_{_kind(opened)}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    await _insert(pool, key, label.strip(), opened, source, pages)
    return CreatedKey(key_id=key_id(key), key=key, label=label.strip(), scopes=opened, source=source, origins=pages)


async def list_keys(pool: asyncpg.Pool) -> list[ApiKey]:
    """Return every key there ever was, the oldest first."""
    return [_api_key(row) for row in await pool.fetch(_LIST)]


async def revoke_key(pool: asyncpg.Pool, wanted: str) -> ApiKey:
    """Close a key for ever (a second time changes nothing); raises `KeyNotFoundError`."""
    row = await pool.fetchrow(_REVOKE, wanted)
    if row is None:
        raise KeyNotFoundError("there is no key with this id: `koi keys list` shows them", field="key_id")
    return _api_key(row)


async def find_key(pool: asyncpg.Pool, key: str) -> ApiKey | None:
    """Return what a presented key opens; None where it is unknown or revoked."""
    row = await pool.fetchrow(_FIND, key_id(key), _hash(key))
    return None if row is None or row["revoked_at"] is not None else _api_key(row)


async def ensure_first_keys(pool: asyncpg.Pool, generated: Secrets) -> None:
    """Let in the two keys of the installation's secrets; one that was revoked stays revoked."""
    await _insert(pool, generated.admin_key, "first administrator", tuple(Scope), "console")
    await _insert(pool, generated.write_key, "first source", (Scope.INGEST,), "web")


def key_id(key: str) -> str:
    """Return the public name of a key: part of its hash, which gives nothing of the key away."""
    return "key_" + _hash(key).hex()[:_ID_CHARACTERS]


async def _insert(
    pool: asyncpg.Pool,
    key: str,
    label: str,
    opened: tuple[Scope, ...],
    source: str | None,
    origins: tuple[str, ...] = (),
) -> None:
    await pool.execute(_INSERT, key_id(key), label, _hash(key), [str(scope) for scope in opened], source, origins)


def _origins(given: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one.strip().rstrip("/").lower() for one in given))
    for one in found:
        if not _ORIGIN.fullmatch(one):
            raise InvalidInputError("an origin is such as https://shop.example.cn, without a path", field="origins")
    return found


def _kind(opened: tuple[Scope, ...]) -> str:
    if Scope.ADMIN in opened:
        return "admin"
    return "write" if opened == (Scope.INGEST,) else "read" if Scope.COMMAND not in opened else "system"


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _api_key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        label=row["label"],
        # A scope that a newer Koi knows opens nothing here.
        scopes=tuple(scope for scope in Scope if scope in row["scopes"]),
        source=row["source"],
        origins=tuple(row["origins"]),
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )
