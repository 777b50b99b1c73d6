"""Youzan (有赞): JSON in, JSON out, the token in the query; three ways to say that something is wrong."""

from datetime import UTC, datetime
from typing import Any, Final

import httpx
import msgspec

from commands.marketplaces.shop import Shop
from commands.marketplaces.tokens import Token, Tokens
from domain.ingestion.marketplaces.signatures.douyin import canonical
from workers.marketplaces.asking import Asking, Complaint, or_none
from workers.marketplaces.formats import clock, epoch
from workers.marketplaces.marketplace import Message, Page, RefusedError, Window
from workers.marketplaces.sessions import Sessions
from workers.marketplaces.wire import listed, number, said, value, within

_SUCCESS: Final = ("200", "")
_JSON: Final = {"content-type": "application/json;charset=UTF-8"}


class Youzan:
    """A shop on Youzan."""

    def __init__(self, shop: Shop, asking: Asking, tokens: Tokens) -> None:
        self._shop = shop
        self._asking = asking
        self._sessions = Sessions(shop, tokens, self.renew)

    async def orders(self, window: Window, page: int) -> Page:
        """By time of update."""
        zone = self._shop.platform.zone
        asked = {"start_update": clock(window.start, zone), "end_update": clock(window.end, zone), **self._paged(page)}
        data = within(await self._call("youzan.trades.sold.get/4.0.4", asked), "data") or b"{}"
        orders = [within(item, "full_order_info") for item in listed(within(data, "full_order_info_list"))]
        return Page(tuple(order for order in orders if order), number(data, "total_results"))

    async def refunds(self, window: Window, page: int) -> Page:
        """By time of update, which is in seconds here."""
        asked = {"update_time_start": epoch(window.start), "update_time_end": epoch(window.end), **self._paged(page)}
        data = within(await self._call("youzan.trade.refund.search/3.0.1", asked), "data") or b"{}"
        return Page(listed(within(data, "refunds")), number(data, "total"))

    async def after_sales(self, window: Window, page: int) -> Page:
        """They are among the refunds."""
        del window, page
        return Page((), 0)

    async def order(self, order_id: str) -> bytes | None:
        """In full; None if the platform knows no such order (yet)."""
        answer = await or_none(self._call("youzan.trade.get/4.0.2", {"tid": order_id}))
        return None if answer is None else within(answer, "data", "full_order_info")

    async def refund(self, refund_id: str) -> bytes | None:
        """In full; None if the platform knows no such refund."""
        answer = await or_none(self._call("youzan.trade.refund.get/3.0.1", {"refund_id": refund_id}))
        return None if answer is None else within(answer, "data")

    async def renew(self, token: Token) -> Token:
        """With a refresh token, or, for one's own application, by the shop's number alone."""
        asked: dict[str, Any] = {
            "client_id": self._shop.settings.app_key,
            "client_secret": self._shop.settings.app_secret,
        }
        if token.refresh:
            asked |= {"authorize_type": "refresh_token", "refresh_token": token.refresh}
        elif self._shop.settings.shop_id:
            asked |= {
                "authorize_type": "silent",
                "grant_id": self._shop.settings.shop_id,
                "refresh": bool(token.access),
            }
        else:
            raise RefusedError("no refresh token")
        body, url = canonical(asked).encode(), self._shop.platform.token_url
        answer = await self._asking.ask(lambda: httpx.Request("POST", url, content=body, headers=_JSON), complaint)
        data = within(answer, "data") or b"{}"
        access = said(data, "access_token")
        if not access:
            raise RefusedError("no new token")
        millis = number(data, "expires")  # the instant itself, in milliseconds
        return Token(
            access=access,
            refresh=said(data, "refresh_token") or token.refresh,
            expires_at=datetime.fromtimestamp(millis / 1000, UTC) if millis else None,
        )

    async def messages(self) -> list[Message]:
        """Youzan pushes its messages."""
        return []

    async def confirm(self, messages: list[Message]) -> None:
        """There are none."""

    def _paged(self, page: int) -> dict[str, int]:
        return {"page_no": page, "page_size": self._shop.platform.limits.page_size}

    async def _call(self, path: str, asked: dict[str, Any]) -> bytes:
        return await self._sessions.call(lambda token: self._send(path, asked, token))

    async def _send(self, path: str, asked: dict[str, Any], token: Token) -> bytes:
        url, body = f"{self._shop.platform.url.rstrip('/')}/api/{path}", msgspec.json.encode(asked)

        def build() -> httpx.Request:
            return httpx.Request("POST", url, params={"access_token": token.access}, content=body, headers=_JSON)

        return await self._asking.ask(build, complaint)


def complaint(answer: bytes) -> Complaint | None:
    """Return what an answer objects to: the gateway, an old interface, or the service, all with status 200."""
    gateway = within(answer, "gw_err_resp")
    if gateway is not None and said(gateway, "err_code") not in {"", "0"}:
        return Complaint(codes=(said(gateway, "err_code"),))
    old = within(answer, "error_response")
    if old is not None:
        return Complaint(codes=(said(old, "code"),))
    code = said(answer, "code")
    if value(answer, "success") is False or code not in _SUCCESS:
        return Complaint(codes=(code,))
    return None
