"""A simulated JOS."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workers.marketplaces.simulator.gate import Asked, Gate, only
from workers.marketplaces.simulator.shop import SimulatedOrder, SimulatedRefund, SimulatedShop
from workers.marketplaces.simulator.verifying import is_signed_for_jd

_ZONE: Final = ZoneInfo("Asia/Shanghai")
_STATES: Final = {
    "placed": "NOT_PAY",
    "paid": "WAIT_SELLER_STOCK_OUT",
    "shipped": "WAIT_GOODS_RECEIVE_CONFIRM",
    "finished": "FINISHED_L",
    "closed": "TRADE_CANCELED",
}
_MINUTES: Final = 6
_SPAN: Final = timedelta(days=31)
_AFTER_SALES_SPAN: Final = timedelta(days=7)
_MOST_AFTER_SALES: Final = 50
_PAGES: Final = ("page", "pageIndex", "pageNumber")

Answer = dict[str, Any]


class SimulatedJd:
    """Answers like JOS, for one shop."""

    def __init__(self, shop: SimulatedShop, gate: Gate) -> None:
        self.shop = shop
        self.gate = gate
        self._methods: dict[str, Callable[[dict[str, Any]], Awaitable[Answer]]] = {
            "jingdong.pop.order.search": self._search,
            "jingdong.pop.order.get": self._get,
            "jingdong.pop.afs.soa.refundapply.queryPageList": self._refunds,
            "jingdong.pop.afs.soa.refundapply.queryById": self._one_refund,
            "jingdong.asc.serviceAndRefund.view": self._after_sales,
        }

    async def answer(self, asked: Asked) -> Answer:
        """Return what JOS would say."""
        told = {**asked.query, **asked.form}
        if (trouble := self.gate.trouble()) is not None:
            return _error(2, "App Call Limited") if trouble == "limited" else _error(65, "Platform error")
        if (objection := self._objection(told)) is not None:
            return objection
        method = told["method"]
        business = json.loads(told.get("360buy_param_json", "{}"))
        await self.gate.called(method, next((int(business[name]) for name in _PAGES if name in business), 1))
        root = f"{method.replace('.', '_')}_responce"
        return {root: {"code": "0", **await self._methods[method](business)}}

    def _objection(self, told: dict[str, str]) -> Answer | None:
        if told.get("app_key") != self.gate.app_key:
            return _error(17, "Invalid App Key")
        if not self._is_timely(told.get("timestamp", "")):
            return _error(8, "Invalid Timestamp")
        if not is_signed_for_jd(told, self.gate.secret):
            return _error(12, "Invalid Signature")
        if told.get("method") not in self._methods:
            return _error(15, "Invalid Method")
        return None if told.get("access_token") == self.gate.access else _error(19, "Invalid access_token")

    async def renewed(self, asked: Asked) -> Answer:
        """Return what the address of tokens would say."""
        told = {**asked.query, **asked.form}
        is_ours = (told.get("app_key"), told.get("app_secret")) == (self.gate.app_key, self.gate.secret)
        if not is_ours or not self.gate.may_renew or told.get("refresh_token") != self.gate.refresh:
            return {"code": 400, "error": "invalid_grant", "message": "refresh_token is invalid"}
        access, refresh = self.gate.renew()
        seconds = int(self.gate.lifetime.total_seconds())
        return {"access_token": access, "refresh_token": refresh, "expires_in": seconds, "code": 0, "open_id": "sim"}

    async def _search(self, told: dict[str, Any]) -> Answer:
        start, end = (datetime.fromisoformat(told[name]).replace(tzinfo=_ZONE) for name in ("start_date", "end_date"))
        if end - start > _SPAN:
            return {"searchorderinfo_result": {"apiResult": {"success": False, "errorCode": "10400005"}}}
        found = self.shop.orders_between(start, end)
        page = self.gate.page(found, int(told["page"]), min(int(told["page_size"]), 100))
        orders = [only(_order(order), told.get("optional_fields", "")) for order in page]
        result = {"apiResult": {"success": True}, "orderTotal": str(len(found)), "orderInfoList": orders}
        return {"searchorderinfo_result": result}

    async def _get(self, told: dict[str, Any]) -> Answer:
        order = self.shop.orders.get(int(told.get("order_id", "0")))
        info = only(_order(order), told.get("optional_fields", "")) if order else None
        return {"orderDetailInfo": {"apiResult": {"success": True}, "orderInfo": info}}

    async def _refunds(self, told: dict[str, Any]) -> Answer:
        names = ("checkTimeStart", "checkTimeEnd")
        start, end = (datetime.fromisoformat(told[name]).replace(tzinfo=_ZONE) for name in names)
        found = [one for one in self.shop.refunds_between(start, end) if one.order.finished is None]
        page = self.gate.page(found, int(told["pageIndex"]), min(int(told["pageSize"]), 50))
        return {
            "queryResult": {
                "success": True,
                "totalCount": str(len(found)),
                "result": [_refund(refund) for refund in page],
            }
        }

    async def _one_refund(self, told: dict[str, Any]) -> Answer:
        refund = self.shop.refunds.get(int(told.get("raId", "0")))
        return {"queryResult": {"success": True, "result": [_refund(refund)] if refund else []}}

    async def _after_sales(self, told: dict[str, Any]) -> Answer:
        """What was delivered and sent back, by when that was asked for."""
        names = ("applyTimeBegin", "applyTimeEnd")
        start, end = (datetime.fromisoformat(told[name]).replace(tzinfo=_ZONE) for name in names)
        if end - start > _AFTER_SALES_SPAN or int(told["pageSize"]) > _MOST_AFTER_SALES:
            return {"pageResult": {"success": False, "code": "10002", "msg": "parameters"}}
        found = [one for one in self.shop.refunds_asked_between(start, end) if one.order.finished is not None]
        page = self.gate.page(found, int(told["pageNumber"]), int(told["pageSize"]))
        data = [_after_sale(refund) for refund in page]
        return {"pageResult": {"success": True, "code": "00000", "totalCount": len(found), "data": data}}

    def _is_timely(self, stamp: str) -> bool:
        try:
            return self.gate.is_near(datetime.fromisoformat(stamp).replace(tzinfo=_ZONE), _MINUTES)
        except ValueError:
            return False


def _order(order: SimulatedOrder) -> dict[str, Any]:
    told = {
        "orderId": str(order.number),
        "orderState": _STATES[order.state],
        "orderTotalPrice": _yuan(order.basket.fen),
        "orderSellerPrice": _yuan(order.basket.fen),
        "orderPayment": _yuan(order.basket.fen),
        "freightPrice": "0.00",
        "balanceUsed": "0.00",
        "orderStartTime": _clock(order.created),
        "paymentConfirmTime": _clock(order.paid),
        "outBoundDate": _clock(order.shipped),
        "orderEndTime": _clock(order.finished or order.closed),
        "modified": _clock(order.modified),
        "pin": f"j**{order.basket.buyer[-1:]}",
        "open_id_buyer": f"oJd{int(order.basket.buyer):08d}",
        "consigneeInfo": {"fullname": "王*", "mobile": "1*********9", "province": "上海"},
        "storeId": order.basket.store,
        "itemInfoList": [
            {
                "skuId": f"1000{line.product}",
                "wareId": line.product,
                "outerSkuId": f"SKU-{line.product}",
                "skuName": "商品",
                "jdPrice": _yuan(line.fen),
                "itemTotal": str(line.quantity),
            }
            for line in order.basket.lines
        ],
    }
    return {name: value for name, value in told.items() if value is not None}


def _refund(refund: SimulatedRefund) -> dict[str, Any]:
    return {
        "id": str(refund.number),
        "orderId": str(refund.order.number),
        "status": "3" if refund.done else "0",
        "applyRefundSum": str(refund.fen),
        "applyTime": _clock(refund.created),
        "checkTime": _clock(refund.done),
        "buyerId": "j***",
    }


def _after_sale(refund: SimulatedRefund) -> dict[str, Any]:
    told = {
        "afsRefundId": refund.number if refund.done else None,
        "status": 13 if refund.done else None,
        "completeTime": _clock(refund.done),
        "refoundAmount": refund.fen / 100 if refund.done else None,
        "sameOrderServiceBill": {"serviceId": refund.number + 1, "orderId": refund.order.number, "customerPin": "j***"},
    }
    return {name: value for name, value in told.items() if value is not None}


def _error(code: int, words: str) -> Answer:
    return {"error_response": {"code": str(code), "en_desc": words, "zh_desc": words}}


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _clock(moment: datetime | None) -> str | None:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S") if moment else None
