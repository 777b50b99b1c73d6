"""The body and the key of a tracker's request: SDKs show the key in the headers, the query or only in the body."""

from collections.abc import Callable
from typing import Any

from litestar import Request

from api.auth import Caller, Doorkeeper, page_of, presented
from domain.ingestion.body import decoded


async def keyed(
    request: Request[Any, Any, Any],
    doorkeeper: Doorkeeper,
    *,
    in_query: str,
    opened: Callable[[bytes], bytes] = bytes,
    within: Callable[[bytes], str | None],
    max_bytes: int,
) -> tuple[Caller, bytes]:
    """Return who asks and the body, decompressed and `opened`; raises what `decoded` and the doorkeeper raise.

    `in_query` names the parameter that may hold the key, `within` finds it in the body.
    """
    key = presented(request.headers) or request.query_params.get(in_query)
    # A key beside the body is checked before anything is read for it.
    caller = await doorkeeper.caller(key) if key else None
    body = opened(decoded(await request.body(), request.headers.get("content-encoding"), max_bytes=max_bytes))
    caller = caller or await doorkeeper.caller(within(body))
    caller.require_ingest(page_of(request.headers))
    return caller, body
