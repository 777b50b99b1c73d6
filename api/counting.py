"""Every request is counted, by the template of its route and the status it was answered with."""

import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics


def counting(app: ASGIApp) -> ASGIApp:
    """Count each request of the app with its time, once it is answered."""

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, note)
        finally:
            metrics: Metrics = scope["litestar_app"].state.opened.metrics
            metrics.answered(scope["method"], scope["path_template"], status, time.perf_counter() - begun)

    return counted
