"""JD through JOS: one address, the parameters of the business inside one JSON text, every number a text."""

from datetime import timedelta
from typing import Any, Final

import httpx

from commands.marketplaces.shop import Shop
from commands.marketplaces.tokens import Token, Tokens
from commands.runtime.clock import now
from domain.ingestion.marketplaces.signatures import jd as signatures
from domain.ingestion.marketplaces.signatures.douyin import canonical
from workers.marketplaces.asking import Asking, Complaint, or_none
from workers.marketplaces.formats import clock
from workers.marketplaces.marketplace import Message, Page, RefusedError, Window
from workers.marketplaces.sessions import Sessions
from workers.marketplaces.wire import listed, number, said, within

# Only the fields that are named come.
_FIELDS: Final = (
    "orderId,venderId,orderState,orderType,orderTotalPrice,orderSellerPrice,orderPayment,freightPrice,sellerDiscount,"
    "balanceUsed,orderStartTime,paymentConfirmTime,outBoundDate,orderEndTime,modified,pin,open_id_buyer,consigneeInfo,"
    "itemInfoList,couponDetailList,parentOrderId,returnOrder,storeOrder,storeId"
)
_STATES: Final = (
    "WAIT_SELLER_STOCK_OUT,WAIT_GOODS_RECEIVE_CONFIRM,WAIT_SELLER_DELIVERY,PAUSE,FINISHED_L,TRADE_CANCELED,LOCKED"
)
_BY_MODIFIED: Final = "0"
_AFTER_SALES: Final = "jingdong_asc_serviceAndRefund_view"
# How the service behind the gateway objects: where in the answer, and whether inside an `apiResult`.
_OBJECTIONS: Final = {
    "jingdong_pop_order_search": ("searchorderinfo_result", "apiResult"),
    "jingdong_pop_order_get": ("orderDetailInfo", "apiResult"),
    "jingdong_pop_afs_soa_refundapply_queryPageList": ("queryResult",),
    "jingdong_pop_afs_soa_refundapply_queryById": ("queryResult",),
    _AFTER_SALES: ("pageResult",),
}


class Jd:
    """A shop on JD."""

    def __init__(self, shop: Shop, asking: Asking, tokens: Tokens) -> None:
        self._shop = shop
        self._asking = asking
        self._sessions = Sessions(shop, tokens, self.renew)

    async def orders(self, window: Window, page: int) -> Page:
        """By time of modification, the latest first."""
        zone = self._shop.platform.zone
        answer = await self._call(
            "jingdong.pop.order.search",
            start_date=clock(window.start, zone),
            end_date=clock(window.end, zone),
            order_state=_STATES,
            optional_fields=_FIELDS,
            page=str(page),
            page_size=str(self._shop.platform.limits.page_size),
            dateType=_BY_MODIFIED,
        )
        root = self._result(answer, "jingdong_pop_order_search", "searchorderinfo_result")
        return Page(listed(within(root, "orderInfoList")), number(root, "orderTotal"))

    async def refunds(self, window: Window, page: int) -> Page:
        """By time of the audit, which is when money goes back."""
        zone = self._shop.platform.zone
        answer = await self._call(
            "jingdong.pop.afs.soa.refundapply.queryPageList",
            checkTimeStart=clock(window.start, zone),
            checkTimeEnd=clock(window.end, zone),
            pageIndex=str(page),
            pageSize=str(self._shop.platform.limits.page_size),
        )
        root = self._result(answer, "jingdong_pop_afs_soa_refundapply_queryPageList", "queryResult")
        return Page(listed(within(root, "result")), number(root, "totalCount"))

    async def after_sales(self, window: Window, page: int) -> Page:
        """By time of the wish: the list knows no time of change, so it is read again and again."""
        platform = self._shop.platform.of_after_sales
        answer = await self._call(
            "jingdong.asc.serviceAndRefund.view",
            applyTimeBegin=clock(window.start, platform.zone),
            applyTimeEnd=clock(window.end, platform.zone),
            pageNumber=str(page),
            pageSize=str(platform.limits.page_size),
        )
        root = self._result(answer, _AFTER_SALES, "pageResult")
        return Page(listed(within(root, "data")), number(root, "totalCount"))

    async def order(self, order_id: str) -> bytes | None:
        """In full; None if the platform knows no such order."""
        answer = await or_none(self._call("jingdong.pop.order.get", order_id=order_id, optional_fields=_FIELDS))
        return (
            None
            if answer is None
            else within(self._result(answer, "jingdong_pop_order_get", "orderDetailInfo"), "orderInfo")
        )

    async def refund(self, refund_id: str) -> bytes | None:
        """In full; None if the platform knows no such refund."""
        answer = await or_none(self._call("jingdong.pop.afs.soa.refundapply.queryById", raId=refund_id))
        if answer is None:
            return None
        root = self._result(answer, "jingdong_pop_afs_soa_refundapply_queryById", "queryResult")
        return next(iter(listed(within(root, "result"))), None)

    async def renew(self, token: Token) -> Token:
        """At an address of its own, not signed."""
        if not token.refresh:
            raise RefusedError("no refresh token")
        asked = {
            "app_key": self._shop.settings.app_key,
            "app_secret": self._shop.settings.app_secret,
            "grant_type": "refresh_token",
            "refresh_token": token.refresh,
        }
        answer = await self._asking.ask(
            lambda: httpx.Request("POST", self._shop.platform.token_url, data=asked), _oauth
        )
        seconds = number(answer, "expires_in")
        return Token(
            access=said(answer, "access_token"),
            refresh=said(answer, "refresh_token") or token.refresh,
            expires_at=now() + timedelta(seconds=seconds) if seconds else None,
        )

    async def messages(self) -> list[Message]:
        """JD keeps none that are fetched so."""
        return []

    async def confirm(self, messages: list[Message]) -> None:
        """There are none."""

    def _result(self, answer: bytes, method: str, name: str) -> bytes:
        # "responce" is how JD spells it; some gateways have mended it.
        root = within(answer, f"{method}_responce") or within(answer, f"{method}_response") or b"{}"
        return within(root, name) or b"{}"

    async def _call(self, method: str, **parameters: str) -> bytes:
        return await self._sessions.call(lambda token: self._send(method, token, parameters))

    async def _send(self, method: str, token: Token, parameters: dict[str, Any]) -> bytes:
        def build() -> httpx.Request:
            signed = {
                "method": method,
                "app_key": self._shop.settings.app_key,
                "access_token": token.access,
                "timestamp": clock(now(), self._shop.platform.zone),
                "v": "2.0",
                signatures.BUSINESS: canonical(parameters),
            }
            signed["sign"] = signatures.sign(signed, self._shop.settings.app_secret)
            return httpx.Request("POST", self._shop.platform.url, data=signed)

        return await self._asking.ask(build, complaint)


def complaint(answer: bytes) -> Complaint | None:
    """Return what an answer objects to: the gateway in one way, the service behind it in another, with status 200."""
    error = within(answer, "error_response")
    if error is not None:
        return Complaint(codes=(said(error, "code"),))
    for method, steps in _OBJECTIONS.items():
        for ending in ("responce", "response"):
            result = within(answer, f"{method}_{ending}", *steps)
            if result is not None and said(result, "success").lower() == "false":
                return Complaint(codes=tuple(said(result, name) for name in ("errorCode", "numberCode", "code")))
    return None


def _oauth(answer: bytes) -> Complaint | None:
    return None if said(answer, "access_token") else Complaint(codes=(said(answer, "code"), said(answer, "error")))
