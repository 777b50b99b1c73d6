"""Douyin shop (抖店): a path a method, the parameters of the business as the body, the rest in the query."""

from datetime import timedelta
from typing import Any, Final

import httpx

from commands.marketplaces.shop import Shop
from commands.marketplaces.tokens import Token, Tokens
from commands.runtime.clock import now
from domain.ingestion.marketplaces.signatures import douyin as signatures
from workers.marketplaces.asking import Asking, Complaint, or_none
from workers.marketplaces.formats import epoch
from workers.marketplaces.marketplace import Message, Page, RefusedError, Window
from workers.marketplaces.sessions import Sessions
from workers.marketplaces.wire import listed, number, said, within

_SUCCESS: Final = "10000"


class Douyin:
    """A shop on Douyin."""

    def __init__(self, shop: Shop, asking: Asking, tokens: Tokens) -> None:
        self._shop = shop
        self._asking = asking
        self._sessions = Sessions(shop, tokens, self.renew)

    async def orders(self, window: Window, page: int) -> Page:
        """By time of update, the earliest first; their pages count from 0."""
        asked = {
            "update_time_start": epoch(window.start),
            "update_time_end": epoch(window.end),
            "order_by": "update_time",
            "order_asc": True,
            **self._paged(page),
        }
        data = within(await self._call("/order/searchList", asked), "data") or b"{}"
        return Page(listed(within(data, "shop_order_list")), number(data, "total"))

    async def refunds(self, window: Window, page: int) -> Page:
        """By time of update; without the sorting some would be missed, their documentation warns."""
        asked = {
            "update_start_time": epoch(window.start),
            "update_end_time": epoch(window.end),
            "order_by": ["update_time asc"],
            **self._paged(page),
        }
        data = within(await self._call("/afterSale/List", asked), "data") or b"{}"
        return Page(listed(within(data, "items")), number(data, "total"))

    async def after_sales(self, window: Window, page: int) -> Page:
        """They are among the refunds."""
        del window, page
        return Page((), 0)

    async def order(self, order_id: str) -> bytes | None:
        """In full; None if the platform knows no such order."""
        answer = await or_none(self._call("/order/orderDetail", {"shop_order_id": order_id}))
        return None if answer is None else within(answer, "data", "shop_order_detail")

    async def refund(self, refund_id: str) -> bytes | None:
        """In full, with what really went back; None if the platform knows no such refund."""
        answer = await or_none(self._call("/afterSale/Detail", {"after_sale_id": refund_id}))
        return None if answer is None else within(answer, "data")

    async def renew(self, token: Token) -> Token:
        """With a refresh token, or, for one's own shop, by the shop's number alone."""
        if token.refresh:
            path, asked = "/token/refresh", {"grant_type": "refresh_token", "refresh_token": token.refresh}
        elif self._shop.settings.shop_id:
            own = {"code": "", "grant_type": "authorization_self", "shop_id": self._shop.settings.shop_id}
            path, asked = "/token/create", own
        else:
            raise RefusedError("no refresh token")
        data = within(await self._send(path, asked, None, base=self._shop.platform.token_url), "data") or b"{}"
        access = said(data, "access_token")
        if not access:
            raise RefusedError("no new token")
        seconds = number(data, "expires_in")
        return Token(
            access=access,
            refresh=said(data, "refresh_token") or token.refresh,
            expires_at=now() + timedelta(seconds=seconds) if seconds else None,
        )

    async def messages(self) -> list[Message]:
        """Douyin pushes its messages."""
        return []

    async def confirm(self, messages: list[Message]) -> None:
        """There are none."""

    def _paged(self, page: int) -> dict[str, int]:
        return {"page": page - 1, "size": self._shop.platform.limits.page_size}

    async def _call(self, path: str, asked: dict[str, Any]) -> bytes:
        url = self._shop.platform.url
        return await self._sessions.call(lambda token: self._send(path, asked, token, base=url))

    async def _send(self, path: str, asked: dict[str, Any], token: Token | None, *, base: str) -> bytes:
        method = path.removeprefix("/").replace("/", ".")
        body = signatures.canonical(asked)

        def build() -> httpx.Request:
            key, stamp = self._shop.settings.app_key, str(epoch(now()))
            query = {
                "method": method,
                "app_key": key,
                "timestamp": stamp,
                "v": signatures.VERSION,
                "sign_method": "hmac-sha256",
                "sign": signatures.sign(key, method, body, stamp, self._shop.settings.app_secret),
                **({"access_token": token.access} if token else {}),
            }
            headers = {"content-type": "application/json;charset=UTF-8"}
            return httpx.Request("POST", base.rstrip("/") + path, params=query, content=body.encode(), headers=headers)

        return await self._asking.ask(build, complaint)


def complaint(answer: bytes) -> Complaint | None:
    """Return what an answer objects to: anything but code 10000, with status 200."""
    code, sub = said(answer, "code"), said(answer, "sub_code")
    if code == _SUCCESS or (not code and said(answer, "err_no") == "0"):
        return None
    return Complaint(codes=(code or said(answer, "err_no"), sub))
