"""The tokens of shops: renewed on the way, so kept durably, and sealed under a key of the installation.

A shop whose token is no longer taken and cannot be renewed waits for a person to authorise it again, by a new one in
the shop's file, or at the platform.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.marketplaces.shop import Shop
from commands.runtime.sources import SourceError

_NONCE_BYTES: Final = 12
_SELECT: Final = "SELECT sealed, given FROM marketplace_token WHERE source = $1"
_UPSERT: Final = """
    INSERT INTO marketplace_token (source, sealed, given, expires_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (source) DO UPDATE SET sealed = excluded.sealed, given = excluded.given,
        expires_at = excluded.expires_at, updated_at = now()
"""


class ReauthoriseError(SourceError):
    """The platform no longer takes the shop's token, and does not renew it: a person has to authorise Koi again."""

    code = "source.reauthorise"


def reauthorise(shop: Shop, reason: str) -> ReauthoriseError:
    """Return the error that says so; `reason` is the platform's code."""
    words = (
        f"{shop.name} has to be authorised again 需要重新授权 ({reason}): put the new session into its file, "
        f"or, where it has none, authorise Koi at the platform and say koi sources run {shop.name}"
    )
    return ReauthoriseError(words, field="session")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What lets Koi in; `expires_at` is None where nobody said."""

    access: str
    refresh: str = ""
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        """Nothing: it is a secret."""
        return "Token(...)"


Renew = Callable[[Token], Awaitable[Token]]


class Tokens:
    """The tokens of all shops."""

    def __init__(self, pool: asyncpg.Pool, master_key: bytes) -> None:
        self._pool = pool
        self._key = AESGCM(hmac.digest(master_key, b"koi marketplace tokens", hashlib.sha256))
        self._fingerprints = hmac.digest(master_key, b"koi marketplace fingerprints", hashlib.sha256)

    async def current(self, shop: Shop) -> Token:
        """Return the token to use: the one last renewed, or the file's if that is a new one."""
        return self._opened(shop, await self._pool.fetchrow(_SELECT, shop.name))

    async def renewed(self, shop: Shop, old: Token, renew: Renew) -> Token:
        """Return another token than `old`, durably kept before it is used; one process renews, others wait for it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", shop.name)
            present = self._opened(shop, await connection.fetchrow(_SELECT, shop.name))
            if present.access != old.access:
                return present
            token = await renew(present)
            sealed = self._sealed(shop, token)
            await connection.execute(_UPSERT, shop.name, sealed, self._fingerprint(shop), token.expires_at)
            return token

    def _opened(self, shop: Shop, row: asyncpg.Record | None) -> Token:
        given = Token(access=shop.settings.session, refresh=shop.settings.refresh_token)
        if row is None or row["given"] != self._fingerprint(shop):
            return given  # authorised anew, or for the first time
        try:
            clear = self._key.decrypt(row["sealed"][:_NONCE_BYTES], row["sealed"][_NONCE_BYTES:], shop.name.encode())
        except InvalidTag:
            return given  # sealed under another installation's key
        return msgspec.json.decode(clear, type=Token)

    def _sealed(self, shop: Shop, token: Token) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, msgspec.json.encode(token), shop.name.encode())

    def _fingerprint(self, shop: Shop) -> bytes:
        told = f"{shop.settings.app_key}\x1f{shop.settings.session}\x1f{shop.settings.refresh_token}"
        return hmac.digest(self._fingerprints, told.encode(), hashlib.sha256)
