"""From a request to one command and its answer: the same three steps for every command there is."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED

from api.idempotency import Asked, Commands
from api.preconditions import IfMatch, etag, expected_version
from commands.runtime.context import Context

T = TypeVar("T")


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It is done: the new version of what was changed, and the position a view must reach to show it."""

    id: UUID
    version: int
    position: int


class Creation:
    """A command that makes something new."""

    def __init__(self, asked: Asked, commands: Commands) -> None:
        self._asked = asked
        self._commands = commands

    async def done(
        self,
        carry_out: Callable[[Context], Awaitable[object]],
        kind: type[T],
        *,
        location: str | None = None,
        needs_key: bool = False,
        subject: UUID | None = None,
    ) -> Response[T]:
        """Carry the command out once and answer 201; `location` is the path of what was made (`/customers/{id}`).

        `subject` is what the answer is about, where the command's own result does not say so (`id`, `coupon_id`).
        """
        return await self._answer(
            carry_out, kind, HTTP_201_CREATED, location=location, needs_key=needs_key, subject=subject
        )

    async def _answer(
        self,
        carry_out: Callable[[Context], Awaitable[object]],
        kind: type[T],
        status: int,
        *,
        location: str | None = None,
        needs_key: bool = False,
        may_repeat: bool = True,
        subject: UUID | None = None,
    ) -> Response[T]:
        outcome = await self._commands.once(self._asked, carry_out, needs_key=needs_key, may_repeat=may_repeat)
        content: dict[str, Any] = {"id": subject or outcome.result.get("coupon_id")} | outcome.result
        content["position"] = outcome.position
        headers = {"Koi-Position": str(outcome.position), "Cache-Control": "no-store"}
        if "version" in outcome.result:
            headers["ETag"] = etag(outcome.result["version"])
        if location is not None:
            headers["Location"] = location.format(**content)
        if outcome.is_replay:
            headers["Idempotency-Replayed"] = "true"
        return Response(msgspec.convert(content, kind), status_code=status, headers=headers)


class Change(Creation):
    """A command to something that exists; `expected_version` is the one its sender has seen, None for any."""

    def __init__(self, asked: Asked, commands: Commands, expected_version: int | None) -> None:
        super().__init__(asked, commands)
        self.expected_version = expected_version

    async def done(
        self,
        carry_out: Callable[[Context], Awaitable[object]],
        kind: type[T],
        *,
        location: str | None = None,
        needs_key: bool = False,
        subject: UUID | None = None,
    ) -> Response[T]:
        """Carry the command out once and answer 202: views show it when they have come to its position."""
        may_repeat = self.expected_version is None
        return await self._answer(
            carry_out,
            kind,
            HTTP_202_ACCEPTED,
            location=location,
            needs_key=needs_key,
            may_repeat=may_repeat,
            subject=subject,
        )


async def creation(asked: NamedDependency[Asked], commands: NamedDependency[SkipValidation[Commands]]) -> Creation:
    """Return the request as a command to make something."""
    return Creation(asked, commands)


async def change(
    asked: NamedDependency[Asked], commands: NamedDependency[SkipValidation[Commands]], if_match: IfMatch = None
) -> Change:
    """Return the request as a command to change something; raises `VersionMissingError` without If-Match."""
    return Change(asked, commands, expected_version(if_match))
