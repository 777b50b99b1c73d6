"""Asking a platform: patient with what passes, obedient to its limits, bounded in both."""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable
from typing import Final

import httpx
import msgspec

from domain.ingestion.marketplaces.platform import Codes
from workers.marketplaces.marketplace import AbsentError, BusyError, RefusedError, SessionError
from workers.marketplaces.wire import is_object

log = logging.getLogger("koi.sources")

_ATTEMPTS: Final = 7
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
# Who is told to wait longer leaves the rest to the next pull.
_LONGEST_BAN: Final = 300.0
_TELLABLE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,80}\Z")
_BAN: Final = re.compile(r"(\d{1,6}) (?:more )?seconds", re.IGNORECASE)

Build = Callable[[], httpx.Request]
Sleep = Callable[[float], Awaitable[None]]


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform objects to, with a code or several; the seconds to wait, if it says."""

    codes: tuple[str, ...]
    seconds: float | None = None

    @property
    def told(self) -> str:
        """The codes, as far as they are such: an error may quote anything."""
        return " ".join(code for code in self.codes if _TELLABLE.match(code)) or "no code"


Judge = Callable[[bytes], Complaint | None]


class Asking:
    """Sends requests, each signed anew for every attempt, until there is an answer to keep."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        codes: Codes,
        *,
        name: str,
        pause: float = _FIRST_PAUSE,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Take the client, what codes mean, the shop's name for the log, and the first pause of the back-off."""
        self._client = client
        self._codes = codes
        self._name = name
        self._pause = pause
        self._sleep = sleep

    async def ask(self, build: Build, judge: Judge) -> bytes:
        """Return the answer's body; raises `SessionError`, `RefusedError`, and `BusyError` when its patience ends."""
        last = "no answer"
        for attempt in range(_ATTEMPTS):
            pause, last = self._backoff(attempt), "no answer"
            try:
                answer = await self._client.send(build())
            except httpx.TransportError as error:
                last = type(error).__name__  # its words may quote the address, which holds the token
            else:
                outcome = self._outcome(answer, judge)
                if isinstance(outcome, bytes):
                    return outcome
                seconds, last = outcome
                pause = pause if seconds is None else seconds
            if pause > _LONGEST_BAN:
                raise BusyError(f"{self._name} does not let us in: {last}", seconds=pause)
            if attempt < _ATTEMPTS - 1:
                log.warning("%s: %s; again in %.1f s", self._name, last, pause)
                await self._sleep(pause)
        raise BusyError(f"{self._name} does not let us in: {last}")

    def _outcome(self, answer: httpx.Response, judge: Judge) -> bytes | tuple[float | None, str]:
        """Return the body, or how many seconds to wait for another attempt (None: as usual) and why."""
        status = answer.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return retry_after(answer), f"HTTP {status}"
        if not is_object(answer.content):
            return None, f"HTTP {status}, and no JSON"
        complaint = judge(answer.content)
        if complaint is None:
            if status >= httpx.codes.BAD_REQUEST:
                raise RefusedError(f"{self._name} refuses it: HTTP {status}")
            return answer.content
        match self._codes.meaning(*complaint.codes):
            case "session":
                raise SessionError(complaint.told)
            case "absent":
                raise AbsentError(complaint.told)
            case "wait":
                return complaint.seconds, f"asked too often ({complaint.told})"
            case "passing":
                return None, f"trouble at the platform ({complaint.told})"
            case _:
                raise RefusedError(f"{self._name} refuses it: {complaint.told}")

    def _backoff(self, attempt: int) -> float:
        # Not all shops of an installation at the same instant: somewhere in the upper half of the pause.
        return min(_LONGEST_PAUSE, self._pause * 2.0**attempt) * (0.5 + random.random() / 2)  # noqa: S311 - no secret


async def or_none(answer: Awaitable[bytes]) -> bytes | None:
    """Return the answer, None where the platform says that there is no such thing."""
    try:
        return await answer
    except AbsentError:
        return None


def retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After header; a date, which no platform sends, counts as none."""
    told: str = answer.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() else None


def ban(words: str) -> float | None:
    """Return the seconds that words such as "This ban will last for 12 more seconds" tell, and one to be sure."""
    found = _BAN.search(words)
    return float(found[1]) + 1.0 if found else None
