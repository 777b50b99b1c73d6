"""Browsers on the shops' own pages send events here, so that every origin is answered; keys are public anyway."""

from typing import Final

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

# What analytics-next and RudderStack's SDK send, and a day between two questions, else each event asks first.
_HEADERS: Final = (
    "authorization, content-type, content-encoding, anonymousid, sentat, x-api-key, x-retry-count, dry-run"
)
_SECONDS: Final = "86400"


def cors(app: ASGIApp) -> ASGIApp:
    """Let the browser of any origin read the answers; its questions beforehand the framework answers on every path."""

    async def reflecting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None:
            await app(scope, receive, send)
            return
        allowed = origin.decode("latin-1")

        async def reflect(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers["Access-Control-Allow-Origin"] = allowed
                headers["Access-Control-Allow-Credentials"] = "true"
                headers["Access-Control-Expose-Headers"] = "Koi-Position, Retry-After"
                headers.add("Vary", "Origin")
                if scope["method"] == "OPTIONS":
                    headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
                    headers["Access-Control-Allow-Headers"] = _HEADERS
                    headers["Access-Control-Max-Age"] = _SECONDS
            await send(message)

        await app(scope, receive, reflect)

    return reflecting
