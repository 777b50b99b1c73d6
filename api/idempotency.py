"""Idempotency: a command sent twice under one key happens once, and the second answer is the first.

The key names the command (together with who asks and for what), and the command's row is written in the transaction of
its events, so this holds across processes and crashes. Keys are kept as long as the log.
"""

import hashlib
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import HeaderParameter

from api.auth import Caller
from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.streams import Streams
from domain.ingestion.json_text import mended
from domain.kernel.errors import InvalidInputError, KoiError, StaleVersionError
from domain.kernel.ids import derived

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description='Names the command, as in `"8e03978e"`: sent again under the same key, it is not done again.',
        required=False,
    ),
]

_ATTEMPTS: Final = 3
_STRING: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"\Z')
_BARE: Final = re.compile(r"[\x21\x23-\x7e]+\Z")
_LONGEST: Final = 255


class KeyMissingError(KoiError):
    """A command that gives, spends or sends is only taken with a key."""

    code = "idempotency.key_missing"


class KeyReusedError(KoiError):
    """The key names another request."""

    code = "idempotency.key_reused"


class InFlightError(KoiError):
    """The first request under this key is still being worked on."""

    code = "idempotency.in_flight"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a command: its envelope, and whether a key came with it."""

    by: Context
    command_id: UUID
    has_key: bool


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command led to, the first time or now: its result, the position of its last event."""

    result: dict[str, Any]
    position: int
    is_replay: bool


async def asked(request: Request[Caller, Any, Any], idempotency_key: IdempotencyKey = None) -> Asked:
    """Return the envelope of the request's command; raises `InvalidInputError` for a key or body it cannot take."""
    body = await request.body()
    if b"\\u0000" in body and mended(body) != body:
        raise InvalidInputError("text cannot hold the character NUL (\\u0000)")
    caller = request.user
    key = _key(idempotency_key)
    command_id = uuid.uuid4() if key is None else derived("http", caller.key_id, request.scope["path_template"], key)
    fingerprint = hashlib.sha256(request.scope["path"].encode() + b"\n" + body).digest()
    by = Context(actor=caller.actor, command_id=command_id, fingerprint=fingerprint)
    return Asked(by=by, command_id=command_id, has_key=key is not None)


def _key(header: str | None) -> str | None:
    """Return the key, given as a structured field's string (RFC 8941, section 3.3.3) or bare."""
    if header is None:
        return None
    header = header.strip()
    found = _STRING.match(header)
    key = re.sub(r"\\(.)", r"\1", found[1]) if found else header if _BARE.match(header) else ""
    if not 0 < len(key) <= _LONGEST:
        raise InvalidInputError(
            f'a key is 1 to {_LONGEST} printable characters, as in "8e03978e-40d5"', field="Idempotency-Key"
        )
    return key


class Commands:
    """Carries commands out once."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._in_flight: set[UUID] = set()

    async def once(
        self,
        asked: Asked,
        carry_out: Callable[[Context], Awaitable[object]],
        *,
        needs_key: bool = False,
        may_repeat: bool = True,
    ) -> Outcome:
        """Return the command's outcome, carrying it out unless that was done before.

        With `may_repeat` it is decided anew when somebody else changed the stream meanwhile. Raises `KeyMissingError`,
        `KeyReusedError`, `InFlightError`, and what the command raises: then nothing is kept, and the key is free again.
        """
        if needs_key and not asked.has_key:
            raise KeyMissingError("send an Idempotency-Key, so that this happens once", field="Idempotency-Key")
        with self._alone(asked.command_id):
            if asked.has_key and (before := await self._recorded(asked)):
                return before
            if (before := await self._carried_out(asked, carry_out, may_repeat=may_repeat)) is not None:
                return before
            done = await self._recorded(asked)
        if done is None:
            raise KoiError("the command left no trace")
        return Outcome(result=done.result, position=done.position, is_replay=False)

    async def _carried_out(
        self, asked: Asked, carry_out: Callable[[Context], Awaitable[object]], *, may_repeat: bool
    ) -> Outcome | None:
        """Carry it out; return the outcome only where another process turns out to have done it."""
        for attempts_left in reversed(range(_ATTEMPTS if may_repeat else 1)):
            try:
                await carry_out(asked.by)
            except AlreadyDoneError as done:
                return _replayed(asked, done)
            except KoiError as refusal:
                if isinstance(refusal, StaleVersionError) and attempts_left:
                    continue
                # Another process may have carried out this very command between our look and our decision: what it
                # led to is then no reason to refuse it.
                if before := await self._recorded(asked):
                    return before
                raise
            else:
                break
        return None

    async def _recorded(self, asked: Asked) -> Outcome | None:
        try:
            await self._streams.refuse_repeat(asked.by)
        except AlreadyDoneError as done:
            return _replayed(asked, done)
        return None

    @contextmanager
    def _alone(self, command_id: UUID) -> Iterator[None]:
        if command_id in self._in_flight:
            raise InFlightError("the first request under this key is still being worked on: ask again shortly")
        self._in_flight.add(command_id)
        try:
            yield
        finally:
            self._in_flight.discard(command_id)


def _replayed(asked: Asked, done: AlreadyDoneError) -> Outcome:
    if done.fingerprint != asked.by.fingerprint:
        raise KeyReusedError("this key came with another request before: choose a new key", field="Idempotency-Key")
    result = msgspec.json.decode(done.result) if done.result else {}
    return Outcome(result=result, position=done.position, is_replay=True)
