"""A CRM on loopback, for the tests and for who has none yet: `koi simulate crm`.

It asks for a bearer token, turns pages by number, by offset and by cursor, and tells only what has changed since. It is
stricter than most in one thing: a page has at most 200 rows, whatever is asked for.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

_MOST_ROWS: Final = 200


class CrmSimulator:
    """A CRM of some members; after `busy_after` more questions it answers one with 429."""

    def __init__(self, members: list[dict[str, Any]], *, token: str) -> None:
        self.members = members
        self.busy_after: int | None = None
        self.asked: list[dict[str, str]] = []
        self.url = ""
        self._token = token

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator["CrmSimulator"]:
        """Answer at `url` until the end of the block."""
        app = web.Application(client_max_size=64 * 1024)
        app.add_routes([web.get("/members", self._get), web.post("/members/search", self._search)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def _is_busy(self) -> bool:
        is_busy = self.busy_after == 0
        self.busy_after = None if is_busy or self.busy_after is None else self.busy_after - 1
        return is_busy

    async def _get(self, request: web.Request) -> web.Response:
        return self._answer(request, dict(request.query))

    async def _search(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return self._answer(request, {name: str(value) for name, value in asked.items()})

    def _answer(self, request: web.Request, asked: Mapping[str, str]) -> web.Response:
        self.asked.append(dict(asked))
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            return web.json_response({"code": 40001, "msg": "invalid token"}, status=401)
        if self._is_busy():
            return web.json_response({"code": 42900, "msg": "too many"}, status=429, headers={"Retry-After": "1"})
        size = min(int(asked.get("size", _MOST_ROWS)), _MOST_ROWS)
        changed = [one for one in self.members if one["updated_at"] >= asked.get("since", "")]
        start = int(asked.get("cursor") or asked.get("offset") or (int(asked.get("page", 1)) - 1) * size)
        rows = changed[start : start + size]
        following = str(start + size) if start + size < len(changed) else None
        return web.json_response({"code": 0, "data": {"items": rows, "next_cursor": following}})
