"""The way out of marketing mails: a click of the mailbox's own button, or a page with one (RFC 8058).

No key and no log-in: whoever holds the address may use it, for nothing else. Scanners follow links, so looking changes
nothing; only a POST does.
"""

from typing import Final

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, SkipValidation
from litestar.status_codes import HTTP_200_OK

from api.openapi import refusals
from commands.channels.unsubscribing import WaysOut, unsubscribe
from commands.runtime.streams import Streams

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_PAGE: Final = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>退订 Unsubscribe</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:32em;margin:4em auto;padding:0 1em}}
button{{font:inherit;padding:.5em 1.5em}}</style></head>
<body>{body}</body></html>
"""
_ASK: Final = """<h1>退订营销邮件</h1><p lang="zh">点击按钮后,我们不再向您发送此类邮件。</p>
<p lang="en">Press the button and we send you no more mails of this kind.</p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>退订 Unsubscribe</button></form>"""
_DONE: Final = """<h1>已退订</h1><p lang="zh">您不会再收到此类邮件。</p>
<p lang="en">You are unsubscribed: there will be no more mails of this kind.</p>"""

_REFUSALS: Final = refusals(400, 404, 503)

Token = FromPath[str]


@get(
    "/u/{token:str}",
    operation_id="AskUnsubscribe",
    summary="Show a button that unsubscribes",
    security=[],
    responses=_REFUSALS,
    tags=["consents"],
    media_type=MediaType.HTML,
)
async def page(token: Token, ways_out: NamedDependency[SkipValidation[WaysOut]]) -> Response[str]:
    """Show a page; nothing is changed by looking at it."""
    ways_out.message_of(token)
    return _html(_ASK)


@post(
    "/u/{token:str}",
    operation_id="Unsubscribe",
    summary="Unsubscribe with one click",
    security=[],
    responses=_REFUSALS,
    tags=["consents"],
    media_type=MediaType.HTML,
    status_code=HTTP_200_OK,
)
async def click(
    token: Token,
    ways_out: NamedDependency[SkipValidation[WaysOut]],
    streams: NamedDependency[SkipValidation[Streams]],
) -> Response[str]:
    """Withdraw consent to the channel and purpose that the message went out under; again, it changes nothing more.

    Whatever the body says: mailboxes send `List-Unsubscribe=One-Click`, as a form or in parts.
    """
    position = await unsubscribe(ways_out.message_of(token), streams=streams)
    done = _html(_DONE)
    if position:
        done.headers["Koi-Position"] = str(position)
    return done


def _html(body: str) -> Response[str]:
    return Response(_PAGE.format(body=body), media_type=MediaType.HTML, headers=dict(_HEADERS))


HANDLERS: Final[list[HTTPRouteHandler]] = [page, click]
