"""Pages of a system: asked for one after the other, their rows as they are."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import msgspec

from commands.runtime.sources import SourceError
from domain.kernel.errors import KoiError
from workers.sources.http.declaration import Declared

MOST_PAGES: Final = 100_000
_MOST_BYTES: Final = 64 * 1024 * 1024
_REFUSED: Final = frozenset({400, 401, 403, 404, 405, 410, 422})
_BUSY: Final = frozenset({429, 503})
_PATIENCE: Final = 60.0
_MOST_PAUSES: Final = 10


class SystemBusyError(KoiError):
    """The system asks for patience: `seconds` says how much."""

    code = "source.patience"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the system asks to wait {seconds:g} seconds")
        self.seconds = seconds


class UnreadableAnswerError(KoiError):
    """The system's answer is not what its declaration says."""

    code = "source.answer"


async def pages(source: Declared, since: str, client: httpx.AsyncClient) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the rows of each page, from `since` on.

    Raises `SourceError` where the system refuses the question, `SystemBusyError`, `UnreadableAnswerError`, or what
    httpx raises.
    """
    paging = source.settings.paging
    cursor = ""
    for number in range(MOST_PAGES):
        places = {
            "page": str(paging.first + number),
            "offset": str(number * paging.size),
            "size": str(paging.size),
            "cursor": cursor,
            "since": since,
        }
        # At the beginning nothing is lost by coming back later; in the middle all pages before would be.
        document = await (_patiently if number else _asked)(source, places, client)
        rows = _found(document, source.settings.rows)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnreadableAnswerError(f"there is no list of objects at {source.settings.rows or 'the top'}")
        yield rows
        cursor = str(_found(document, paging.next) or "") if paging.style == "cursor" else ""
        is_last = not cursor if paging.style == "cursor" else len(rows) < paging.size
        if paging.style == "none" or is_last:
            return
    raise UnreadableAnswerError(f"there is no end after {MOST_PAGES} pages")


async def _patiently(source: Declared, places: dict[str, str], client: httpx.AsyncClient) -> Any:
    for _ in range(_MOST_PAUSES):
        try:
            return await _asked(source, places, client)
        except SystemBusyError as error:
            await asyncio.sleep(min(error.seconds, _PATIENCE))
    return await _asked(source, places, client)


async def _asked(source: Declared, places: dict[str, str], client: httpx.AsyncClient) -> Any:
    settings = source.settings
    query = {name: text for name, value in settings.query.items() if (text := _filled(value, places)) != ""}
    body = _body(settings.body, places) if settings.method == "POST" else None
    request = client.build_request(settings.method, settings.url, params=query, headers=settings.headers, json=body)
    answer = await client.send(request, stream=True)
    try:
        _judge(source, answer)
        content = b""
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _MOST_BYTES:
                raise UnreadableAnswerError(f"a page has more than {_MOST_BYTES} bytes: ask for smaller ones")
    finally:
        await answer.aclose()
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        raise UnreadableAnswerError("the answer is no JSON") from None


def _judge(source: Declared, answer: httpx.Response) -> None:
    if answer.status_code in _BUSY:
        told = answer.headers.get("Retry-After", "")
        raise SystemBusyError(float(told) if told.isascii() and told.isdigit() else _PATIENCE)
    if answer.status_code in _REFUSED:
        # Nothing becomes better by asking the same again.
        raise SourceError(f"the system refuses: {answer.status_code}", field=f"{source.name}: url")
    if not answer.is_success:
        raise UnreadableAnswerError(f"the system answers {answer.status_code}")


def _found(document: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        document = document.get(step) if isinstance(document, dict) else None
    return document


def _filled(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _body(value: Any, places: dict[str, str]) -> Any:
    """Return the body with its places filled; one that is a number alone becomes a number."""
    match value:
        case dict():
            filled = {key: _body(one, places) for key, one in value.items()}
            return {key: one for key, one in filled.items() if one != ""}
        case list():
            return [_body(one, places) for one in value]
        case "{page}" | "{offset}" | "{size}":
            return int(_filled(value, places))
        case str():
            return _filled(value, places)
    return value
