"""Who is asking: API keys from a request, what they open, and the guard in front of every route."""

import base64
import binascii
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from commands.access.keys import ApiKey, find_key
from commands.access.scope import Scope
from domain.kernel.errors import KoiError

# How long a revoked key may still work, and how long a new one may still be refused, in seconds.
_KNOWN_SECONDS = 10.0
_UNKNOWN_SECONDS = 1.0
_REMEMBERED = 10_000
_LONGEST_KEY = 512


class UnknownKeyError(KoiError):
    """The request shows no key, or none that is known."""

    code = "key.unknown"

    def __init__(self) -> None:
        super().__init__(
            "show a valid API key: `Authorization: Bearer KEY`, Basic with the key as user name, or `X-API-Key: KEY`"
        )


class MissingScopeError(KoiError):
    """The key does not open this."""

    code = "scope.missing"

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"this needs a key with the scope {scope}")
        self.scope = scope


class ForeignOriginError(KoiError):
    """The key is not for the web page that uses it."""

    code = "origin.foreign"


class Caller(msgspec.Struct, frozen=True):
    """The key that asks: its id and label, what it opens, the source its events come from, the pages it is for."""

    key_id: str
    label: str
    scopes: frozenset[Scope]
    source: str | None
    origins: frozenset[str] = frozenset()

    def require(self, scope: Scope) -> None:
        """Raise `MissingScopeError` unless the key opens the scope."""
        if scope not in self.scopes:
            raise MissingScopeError(scope)

    def require_ingest(self, page: str | None) -> None:
        """Raise unless the key may send events, from a page of this origin (None: from no page, but an app or server).

        Raises `MissingScopeError` or `ForeignOriginError`.
        """
        self.require(Scope.INGEST)
        if self.origins and page is not None and page not in self.origins:
            raise ForeignOriginError("this key is for pages of other origins: create one that names this one, or none")

    @property
    def actor(self) -> str:
        """Who asked, as history will tell it: the label for people, the id for certainty."""
        return f"{self.label} ({self.key_id})"

    @property
    def event_source(self) -> str:
        """What the events that come with this key are said to come from."""
        return self.source or self.key_id

    @property
    def sees_personal(self) -> bool:
        """Whether personal values are shown in clear."""
        return Scope.PERSONAL in self.scopes


class Doorkeeper:
    """Knows the keys; asks the database once every few seconds for each that comes."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._seen: OrderedDict[str, tuple[float, Caller | None]] = OrderedDict()

    async def caller(self, key: str | None) -> Caller:
        """Return whose key it is; raises `UnknownKeyError`."""
        if not key or len(key) > _LONGEST_KEY:
            raise UnknownKeyError
        seen = self._seen.get(key)
        if seen is None or seen[0] < time.monotonic():
            seen = await self._look_up(key)
        if seen[1] is None:
            raise UnknownKeyError
        return seen[1]

    async def _look_up(self, key: str) -> tuple[float, Caller | None]:
        found = await find_key(self._pool, key)
        caller = _caller(found) if found else None
        until = time.monotonic() + (_KNOWN_SECONDS if caller else _UNKNOWN_SECONDS)
        self._seen[key] = until, caller
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return until, caller


def _caller(found: ApiKey) -> Caller:
    return Caller(found.key_id, found.label, frozenset(found.scopes), found.source, frozenset(found.origins))


def page_of(headers: Mapping[str, str]) -> str | None:
    """Return the origin of the web page that asks, None for what is none; an image tells it as its referrer alone."""
    origin = headers.get("origin")
    if origin is None and (referrer := headers.get("referer")):
        origin = "/".join(referrer.split("/", 3)[:3])
    return None if origin is None else origin.lower()


def presented(headers: Mapping[str, str]) -> str | None:
    """Return the key a request shows in its headers: Bearer, Basic (as user name) or `X-API-Key`."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip() or None
        case "basic":
            return _user_name(credentials)
        case _:
            return headers.get("x-api-key") or None


def _user_name(credentials: str) -> str | None:
    try:
        user_name, _, _ = base64.b64decode(credentials.strip(), validate=False).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return user_name or None


def needs(scope: Scope) -> Guard:
    """Return the guard that lets only keys with this scope through, and notes the caller as the request's user."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller = await connection.app.state.opened.doorkeeper.caller(presented(connection.headers))
        if scope is Scope.INGEST:
            caller.require_ingest(page_of(connection.headers))
        caller.require(scope)
        connection.scope["user"] = caller

    return guard
