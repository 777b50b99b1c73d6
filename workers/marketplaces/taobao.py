"""Taobao and Tmall through TOP: one address, every request signed over all it says."""

from datetime import timedelta
from typing import Final

import httpx

from commands.marketplaces.shop import Shop
from commands.marketplaces.tokens import Token, Tokens
from commands.runtime.clock import now
from domain.ingestion.marketplaces.signatures import taobao as signatures
from workers.marketplaces.asking import Asking, Complaint, ban, or_none
from workers.marketplaces.formats import clock
from workers.marketplaces.marketplace import Message, Page, RefusedError, Window
from workers.marketplaces.sessions import Sessions
from workers.marketplaces.wire import listed, number, said, within

# The list tells only which orders changed; the rest is asked of each. `buyer_nick` is what brings `buyer_open_uid`.
_LISTED: Final = "tid,tid_str,status,modified"
_FULL: Final = (
    "tid,tid_str,status,type,created,pay_time,consign_time,end_time,modified,payment,received_payment,total_fee,post_fee,"
    "discount_fee,adjust_fee,coupon_fee,step_trade_status,buyer_nick,buyer_open_uid,buyer_message,seller_memo,seller_flag,"
    "receiver_state,receiver_city,receiver_district,receiver_name,receiver_mobile,oaid,promotion_details,o2o_guide_id,"
    "o2o_shop_id,nr_shop_id,nr_shop_guide_id,retail_store_code,orders"
)
_REFUND: Final = (
    "refund_id,tid,oid,status,created,modified,end_time,refund_fee,total_fee,payment,reason,num_iid,num,outer_id,sku,"
    "has_good_return,good_status,buyer_nick,buyer_open_uid"
)
_MESSAGES: Final = 100


class Taobao:
    """A shop on Taobao or Tmall."""

    def __init__(self, shop: Shop, asking: Asking, tokens: Tokens) -> None:
        self._shop = shop
        self._asking = asking
        self._sessions = Sessions(shop, tokens, self.renew)

    async def orders(self, window: Window, page: int) -> Page:
        """By time of modification, the latest first."""
        method = "taobao.trades.sold.increment.get"
        types = self._shop.platform.types
        named = {"type": ",".join(types)} if types else {}
        answer = await self._call(method, fields=_LISTED, **named, **self._within(window, page))
        root = within(answer, "trades_sold_increment_get_response") or b"{}"
        return Page(listed(within(root, "trades", "trade")), number(root, "total_results"))

    async def refunds(self, window: Window, page: int) -> Page:
        """By time of modification, the latest first."""
        answer = await self._call("taobao.refunds.receive.get", fields=_REFUND, **self._within(window, page))
        root = within(answer, "refunds_receive_get_response") or b"{}"
        return Page(listed(within(root, "refunds", "refund")), number(root, "total_results"))

    async def after_sales(self, window: Window, page: int) -> Page:
        """They are among the refunds."""
        del window, page
        return Page((), 0)

    async def order(self, order_id: str) -> bytes | None:
        """In full; None if the platform knows no such order."""
        asked = self._call("taobao.trade.fullinfo.get", fields=_FULL, tid=order_id, include_oaid="true")
        answer = await or_none(asked)
        return None if answer is None else within(answer, "trade_fullinfo_get_response", "trade")

    async def refund(self, refund_id: str) -> bytes | None:
        """In full; None if the platform knows no such refund."""
        answer = await or_none(self._call("taobao.refund.get", fields=_REFUND, refund_id=refund_id))
        return None if answer is None else within(answer, "refund_get_response", "refund")

    async def renew(self, token: Token) -> Token:
        """Only applications of the service market may: others have tokens of a fixed time."""
        if not token.refresh:
            raise RefusedError("no refresh token")
        answer = await self._send("taobao.top.auth.token.refresh", None, refresh_token=token.refresh)
        result = said(answer, "top_auth_token_refresh_response", "token_result").encode()
        access = said(result, "access_token")
        if not access:
            raise RefusedError("no new token")
        seconds = number(result, "expires_in")
        return Token(
            access=access,
            refresh=said(result, "refresh_token") or token.refresh,
            expires_at=now() + timedelta(seconds=seconds) if seconds else None,
        )

    async def messages(self) -> list[Message]:
        """Those of TMC that wait for the shop, which must be permitted (`taobao.tmc.user.permit`)."""
        if not self._shop.settings.messages:
            return []
        answer = await self._call("taobao.tmc.messages.consume", quantity=str(_MESSAGES))
        root = within(answer, "tmc_messages_consume_response", "messages")
        return [self._message(raw) for raw in listed(within(root, "tmc_message") if root else None)]

    async def confirm(self, messages: list[Message]) -> None:
        """Until this is told, TMC sends them again."""
        if messages:
            await self._call("taobao.tmc.messages.confirm", s_message_ids=",".join(one.id for one in messages))

    def _message(self, raw: bytes) -> Message:
        content = said(raw, "content").encode()
        about = self._shop.platform.hint_of(said(raw, "topic"))
        key = {"order": "tid", "refund": "refund_id"}.get(about, "")
        subject = said(content, key) if key else ""
        return Message(said(raw, "id"), f"{about}:{subject}" if subject else None)

    def _within(self, window: Window, page: int) -> dict[str, str]:
        zone = self._shop.platform.zone
        return {
            "start_modified": clock(window.start, zone),
            "end_modified": clock(window.end, zone),
            "page_no": str(page),
            "page_size": str(self._shop.platform.limits.page_size),
        }

    async def _call(self, method: str, **parameters: str) -> bytes:
        return await self._sessions.call(lambda token: self._send(method, token, **parameters))

    async def _send(self, method: str, token: Token | None, **parameters: str) -> bytes:
        def build() -> httpx.Request:
            signed = {
                "method": method,
                "app_key": self._shop.settings.app_key,
                "timestamp": clock(now(), self._shop.platform.zone),
                "format": "json",
                "v": "2.0",
                "sign_method": "hmac-sha256",
                **({"session": token.access} if token else {}),
                **parameters,
            }
            signed["sign"] = signatures.sign(signed, self._shop.settings.app_secret, "hmac-sha256")
            return httpx.Request("POST", self._shop.platform.url, data=signed)

        return await self._asking.ask(build, complaint)


def complaint(answer: bytes) -> Complaint | None:
    """Return what an answer objects to: TOP does so with status 200."""
    error = within(answer, "error_response")
    if error is None:
        return None
    words = f"{said(error, 'sub_msg')} {said(error, 'msg')}"
    return Complaint(codes=(said(error, "code"), said(error, "sub_code")), seconds=ban(words))
