"""The gate before a simulated platform: its application, its tokens, and the troubles it has been told to make."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

import msgspec

from commands.runtime.clock import now

T = TypeVar("T")

Trouble = Literal["limited", "passing", "http503", "http429", "garbage"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came."""

    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Call(msgspec.Struct, frozen=True):
    """What was asked for, and which page of it."""

    method: str
    page: int


class Gate:
    """Whom a platform lets in."""

    def __init__(self, *, app_key: str, secret: str) -> None:
        """Begin with one authorised application."""
        self.app_key = app_key
        self.secret = secret
        self._tokens = itertools.count(1)
        self.access = f"access-{app_key}-0"
        self.refresh = f"refresh-{app_key}-0"
        self.may_renew = True
        self.lifetime = timedelta(days=1)
        self.renewals = 0
        # It gives no more on a page, however many are asked for.
        self.most_records = 100
        # Each of the next requests meets one of these; `ban_seconds` is what a limited one is told to wait.
        self.troubles: list[Trouble] = []
        self.ban_seconds = 1
        # Repeats the last record of each page on the next one, as pages do that move while they are turned.
        self.duplicates = False
        self.calls: list[Call] = []
        self.on_call: Callable[[Call], Awaitable[None] | None] | None = None

    def expire(self) -> None:
        """From now on the access token is not taken any more."""
        self.access = f"expired-{next(self._tokens)}"

    def revoke(self) -> None:
        """The seller takes the authorisation back: nothing is renewed any more."""
        self.expire()
        self.may_renew = False

    def renew(self) -> tuple[str, str]:
        """Return new tokens; the old ones are dead."""
        number = next(self._tokens)
        self.renewals += 1
        self.access, self.refresh = f"access-{self.app_key}-{number}", f"refresh-{self.app_key}-{number}"
        return self.access, self.refresh

    def trouble(self) -> Trouble | None:
        """Return what the request meets, if it meets anything."""
        return self.troubles.pop(0) if self.troubles else None

    async def called(self, method: str, page: int = 1) -> None:
        """Note a call that was let in."""
        call = Call(method, page)
        self.calls.append(call)
        if self.on_call is not None:
            answer = self.on_call(call)
            if answer is not None:
                await answer

    def page(self, records: Sequence[T], number: int, size: int) -> list[T]:
        """Return a page of the records, from 1."""
        size = min(size, self.most_records)
        begin = (number - 1) * size
        found = list(records[begin : begin + size])
        if self.duplicates and number > 1 and found:
            found.insert(0, records[begin - 1])
        return found

    def is_near(self, moment: datetime, minutes: int) -> bool:
        """Whether a timestamp is close enough to our clock."""
        return abs(now() - moment) <= timedelta(minutes=minutes)


def only(payload: dict[str, Any], names: str) -> dict[str, Any]:
    """Return only the fields that are named."""
    wanted = {name.strip() for name in names.split(",")}
    return {name: value for name, value in payload.items() if name in wanted}
