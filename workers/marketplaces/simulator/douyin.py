"""A simulated Douyin shop (抖店)."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from workers.marketplaces.simulator.gate import Asked, Gate
from workers.marketplaces.simulator.shop import SimulatedOrder, SimulatedRefund, SimulatedShop
from workers.marketplaces.simulator.verifying import is_signed_for_douyin

_STATES: Final = {"placed": 1, "paid": 2, "shipped": 3, "finished": 5, "closed": 4}
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_MINUTES: Final = 10
_REFUNDED: Final = 3

Answer = dict[str, Any]


class SimulatedDouyin:
    """Answers like the shop platform of Douyin, for one shop."""

    def __init__(self, shop: SimulatedShop, gate: Gate, *, shop_id: str) -> None:
        self.shop = shop
        self.gate = gate
        self._shop_id = shop_id
        self._methods: dict[str, Callable[[dict[str, Any]], Awaitable[Answer | None]]] = {
            "order.searchList": self._search,
            "order.orderDetail": self._detail,
            "afterSale.List": self._refunds,
            "afterSale.Detail": self._one_refund,
        }

    async def answer(self, asked: Asked) -> Answer:
        """Return what the platform would say."""
        query, method = asked.query, asked.path.strip("/").replace("/", ".")
        if (trouble := self.gate.trouble()) is not None:
            sub = "isv.rate-limit" if trouble == "limited" else "isp.service-error"
            return _error(80001 if trouble == "limited" else 20000, sub)
        if (objection := self._unsigned(query, method, asked.body)) is not None:
            return objection
        told = json.loads(asked.body or b"{}")
        if method in {"token.refresh", "token.create"}:
            return self._renewed(method, told)
        if method not in self._methods:
            return _error(40002, "isv.method-invalid")
        if query.get("access_token") != self.gate.access:
            return _error(40003, "isv.access-token-expired")
        await self.gate.called(method, int(told.get("page", 0)) + 1)
        return {"code": 10000, "msg": "success", "sub_code": "", "data": await self._methods[method](told)}

    def _unsigned(self, query: dict[str, str], method: str, body: bytes) -> Answer | None:
        if query.get("app_key") != self.gate.app_key or query.get("method") != method:
            return _error(40003, "isv.app-id-invalid")
        if not self._is_timely(query.get("timestamp", "")):
            return _error(40003, "isv.timestamp-invalid")
        return None if is_signed_for_douyin(query, body, self.gate.secret) else _error(40003, "isv.signature-invalid")

    def _renewed(self, method: str, told: dict[str, Any]) -> Answer:
        by_token = method == "token.refresh" and told.get("refresh_token") == self.gate.refresh
        by_shop = method == "token.create" and told.get("shop_id") == self._shop_id
        if not self.gate.may_renew or not (by_token or by_shop):
            return _error(50001, "dop.token-generate-failed:no-authorization")
        access, refresh = self.gate.renew()
        seconds = int(self.gate.lifetime.total_seconds())
        data = {"access_token": access, "refresh_token": refresh, "expires_in": seconds, "shop_id": self._shop_id}
        return {"code": 10000, "err_no": 0, "msg": "success", "data": data}

    async def _search(self, told: dict[str, Any]) -> Answer:
        found = self.shop.orders_between(_at(told["update_time_start"]), _at(told["update_time_end"]))
        if told.get("order_asc"):
            found.reverse()
        size = min(int(told["size"]), 100)
        page = self.gate.page(found, int(told["page"]) + 1, size)
        orders = [order_told(order) for order in page]
        return {"total": len(found), "page": told["page"], "size": size, "shop_order_list": orders}

    async def _detail(self, told: dict[str, Any]) -> Answer:
        order = self.shop.orders.get(int(told.get("shop_order_id", "0")))
        return {"shop_order_detail": order_told(order) if order else None}

    async def _refunds(self, told: dict[str, Any]) -> Answer:
        found = self.shop.refunds_between(_at(told["update_start_time"]), _at(told["update_end_time"]))
        if told.get("order_by") != ["update_time asc"]:
            found = found[::2]  # without the sorting some are missed
        found.reverse()
        size = min(int(told["size"]), 100)
        page = self.gate.page(found, int(told["page"]) + 1, size)
        items = [
            {
                "aftersale_info": {
                    "aftersale_id": str(refund.number),
                    "aftersale_status": 12 if refund.done else 6,
                    "refund_status": _REFUNDED if refund.done else 1,
                    "refund_amount": refund.fen + 100,
                    "update_time": int(refund.modified.timestamp()),
                },
                "order_info": {"shop_order_id": refund.order.number},
            }
            for refund in page
        ]
        return {"total": len(found), "has_more": len(page) == size, "items": items}

    async def _one_refund(self, told: dict[str, Any]) -> Answer | None:
        refund = self.shop.refunds.get(int(told.get("after_sale_id", "0")))
        return _refund(refund) if refund else None

    def _is_timely(self, stamp: str) -> bool:
        if stamp.isdigit():
            return self.gate.is_near(datetime.fromtimestamp(int(stamp), UTC), _MINUTES)
        try:  # of old
            return self.gate.is_near(datetime.fromisoformat(stamp).replace(tzinfo=_ZONE), _MINUTES)
        except ValueError:
            return False


def order_told(order: SimulatedOrder) -> dict[str, Any]:
    """Return an order as `order.searchList` and `order.orderDetail` tell it."""
    return {
        "order_id": str(order.number),
        "order_status": _STATES[order.state],
        "order_type": 0,
        "create_time": _epoch(order.created),
        "pay_time": _epoch(order.paid),
        "ship_time": _epoch(order.shipped),
        "finish_time": _epoch(order.finished),
        "update_time": _epoch(order.modified),
        "pay_amount": order.basket.fen,
        "order_amount": order.basket.fen,
        "post_amount": 0,
        "promotion_amount": 0,
        "doudian_open_id": f"1@#{int(order.basket.buyer):08d}",
        "mask_post_receiver": "张*",
        "encrypt_post_tel": "$$sim$$",
        "sku_order_list": [
            {
                "order_id": str(order.number * 10 + place),
                "parent_order_id": str(order.number),
                "product_id": 3_600_000_000_000_000_000 + int(line.product),
                "product_id_str": str(3_600_000_000_000_000_000 + int(line.product)),
                "code": f"SKU-{line.product}",
                "item_num": line.quantity,
                "pay_amount": line.fen,
                "store_info": {"store_id": order.basket.store},
            }
            for place, line in enumerate(order.basket.lines, 1)
        ],
    }


def _refund(refund: SimulatedRefund) -> Answer:
    return {
        "process_info": {
            "after_sale_info": {
                "after_sale_id": refund.number,
                "after_sale_status": 12 if refund.done else 6,
                "refund_status": _REFUNDED if refund.done else 1,
                "refund_time": _epoch(refund.done),
                "real_refund_amount": refund.fen,
                "refund_total_amount": refund.fen + 100,
            }
        },
        "order_info": {"shop_order_id": refund.order.number},
    }


def _error(code: int, sub_code: str) -> Answer:
    return {"code": code, "msg": "error", "sub_code": sub_code, "sub_msg": "", "data": None}


def _at(seconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _epoch(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0
