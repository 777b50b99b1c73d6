"""A simulated Youzan (有赞)."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from commands.runtime.clock import now
from workers.marketplaces.simulator.gate import Asked, Gate
from workers.marketplaces.simulator.shop import SimulatedOrder, SimulatedRefund, SimulatedShop

_ZONE: Final = ZoneInfo("Asia/Shanghai")
_STATES: Final = {
    "placed": "WAIT_BUYER_PAY",
    "paid": "WAIT_SELLER_SEND_GOODS",
    "shipped": "WAIT_BUYER_CONFIRM_GOODS",
    "finished": "TRADE_SUCCESS",
    "closed": "TRADE_CLOSED",
}
_MOST_PAGES: Final = 100
_MOST_RECORDS: Final = 100

Answer = dict[str, Any]


class SimulatedYouzan:
    """Answers like Youzan, for one shop."""

    def __init__(self, shop: SimulatedShop, gate: Gate, *, shop_id: str) -> None:
        self.shop = shop
        self.gate = gate
        self._shop_id = shop_id
        self._methods: dict[str, Callable[[dict[str, Any]], Awaitable[Answer]]] = {
            "youzan.trades.sold.get/4.0.4": self._sold,
            "youzan.trade.get/4.0.2": self._get,
            "youzan.trade.refund.search/3.0.1": self._refunds,
            "youzan.trade.refund.get/3.0.1": self._one_refund,
        }

    async def answer(self, asked: Asked) -> Answer:
        """Return what the gateway would say."""
        method = asked.path.removeprefix("/api/")
        if (trouble := self.gate.trouble()) is not None:
            return _gateway(4101, "请求太频繁") if trouble == "limited" else _gateway(5001, "系统异常")
        if method not in self._methods:
            return _gateway(4005, "非法的API")
        if not asked.headers.get("content-type", "").startswith("application/json"):
            return _gateway(4007, "非法的请求姿势")
        token = asked.query.get("access_token")
        if not token:
            return _gateway(4201, "非法的请求凭证")
        if token != self.gate.access:
            return _gateway(4203, "Token 不存在")
        told = json.loads(asked.body or b"{}")
        await self.gate.called(method.partition("/")[0], int(told.get("page_no", 1)))
        return await self._methods[method](told)

    async def renewed(self, asked: Asked) -> Answer:
        """Return what the address of tokens would say."""
        told = json.loads(asked.body or b"{}")
        if told.get("client_id") != self.gate.app_key:
            return {"success": False, "code": 1103, "data": None, "message": "Client 不存在"}
        if told.get("client_secret") != self.gate.secret:
            return {"success": False, "code": 1000, "data": None, "message": "应用信息错误"}
        silent = told.get("authorize_type") == "silent" and told.get("grant_id") == self._shop_id
        by_token = told.get("authorize_type") == "refresh_token" and told.get("refresh_token") == self.gate.refresh
        if not self.gate.may_renew or not (silent or by_token):
            return {"success": False, "code": 1004, "data": None, "message": "授权关系已过期"}
        access, refresh = self.gate.renew()
        expires = int((now() + self.gate.lifetime).timestamp() * 1000)
        data = {"access_token": access, "expires": expires, "authority_id": self._shop_id}
        return {
            "success": True,
            "code": 200,
            "message": None,
            "data": data | ({"refresh_token": refresh} if by_token else {}),
        }

    async def _sold(self, told: dict[str, Any]) -> Answer:
        try:
            start, end = (_moment(told[name]) for name in ("start_update", "end_update"))
        except ValueError:
            return _gateway(5001, "系统异常")
        if told["page_no"] > _MOST_PAGES or told["page_size"] > _MOST_RECORDS:
            return _failure(5000, "每页最多显示100条数据")
        found = self.shop.orders_between(start, end)
        page = self.gate.page(found, told["page_no"], told["page_size"])
        listed = [{"full_order_info": order_told(order)} for order in page]
        return _success({"total_results": len(found), "full_order_info_list": listed})

    async def _get(self, told: dict[str, Any]) -> Answer:
        order = self.shop.orders.get(_number(told.get("tid", "")))
        if order is None:
            return _failure(5000, "trade not found")
        return _success({"full_order_info": order_told(order), "refund_order": []})

    async def _refunds(self, told: dict[str, Any]) -> Answer:
        start, end = (datetime.fromtimestamp(told[name], UTC) for name in ("update_time_start", "update_time_end"))
        found = self.shop.refunds_between(start, end)
        page = self.gate.page(found, told["page_no"], told["page_size"])
        return _success({"total": len(found), "refunds": [_refund(refund) for refund in page]})

    async def _one_refund(self, told: dict[str, Any]) -> Answer:
        refund = self.shop.refunds.get(int(told.get("refund_id", "0")))
        return _success(_refund(refund)) if refund else _failure(103011024, "退款记录不存在")


def order_told(order: SimulatedOrder) -> dict[str, Any]:
    """Return an order as Youzan tells it, in lists, in details and in messages."""
    return {
        "order_info": {
            "tid": tid(order),
            "status": _STATES[order.state],
            "type": 0,
            "created": _clock(order.created),
            "pay_time": _clock(order.paid),
            "consign_time": _clock(order.shipped),
            "success_time": _clock(order.finished),
            "update_time": _clock(order.modified),
            "offline_id": order.basket.store,
        },
        "pay_info": {"payment": _yuan(order.basket.fen), "total_fee": _yuan(order.basket.fen), "post_fee": "0.00"},
        "buyer_info": {"yz_open_id": f"yz{int(order.basket.buyer):012d}", "buyer_phone": "138****0001"},
        "address_info": {"receiver_name": "赵*"},
        "orders": [
            {
                "oid": str(order.number * 10 + place),
                "item_id": int(line.product),
                "sku_id": 0,
                "outer_sku_id": f"SKU-{line.product}",
                "num": line.quantity,
                "payment": _yuan(line.fen),
            }
            for place, line in enumerate(order.basket.lines, 1)
        ],
    }


def tid(order: SimulatedOrder) -> str:
    """Return the number of an order as Youzan writes it."""
    return f"E{order.number}"


def _moment(text: str) -> datetime:
    """Only with seconds: a date alone is refused."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_ZONE)


def _number(text: str) -> int:
    return int(text[1:]) if text.startswith("E") and text[1:].isdigit() else 0


def _refund(refund: SimulatedRefund) -> dict[str, Any]:
    return {
        "refund_id": str(refund.number),
        "tid": tid(refund.order),
        "oid": str(refund.order.number * 10 + 1),
        "status": "SUCCESS" if refund.done else "WAIT_SELLER_AGREE",
        "refund_fee": _yuan(refund.fen),
        "created": _clock(refund.created),
        "modified": _clock(refund.modified),
    }


def _success(data: Any) -> Answer:
    return {"trace_id": "yz7-sim", "code": 200, "success": True, "message": "successful", "data": data}


def _failure(code: int, message: str) -> Answer:
    return {"code": code, "success": False, "message": message, "data": {"full_order_info_list": []}}


def _gateway(code: int, message: str) -> Answer:
    return {"gw_err_resp": {"trace_id": "yz7-sim", "err_msg": message, "err_code": code}}


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _clock(moment: datetime | None) -> str:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
