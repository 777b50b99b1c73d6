"""A simulated TOP."""

import itertools
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workers.marketplaces.simulator.gate import Asked, Gate, Trouble, only
from workers.marketplaces.simulator.shop import Notice, SimulatedOrder, SimulatedRefund, SimulatedShop
from workers.marketplaces.simulator.verifying import is_signed_for_taobao

_ZONE: Final = ZoneInfo("Asia/Shanghai")
_STATES: Final = {
    "placed": "WAIT_BUYER_PAY",
    "paid": "WAIT_SELLER_SEND_GOODS",
    "shipped": "WAIT_BUYER_CONFIRM_GOODS",
    "finished": "TRADE_FINISHED",
    "closed": "TRADE_CLOSED_BY_TAOBAO",
}
_TOPICS: Final = {
    "created": "taobao_trade_TradeCreate",
    "paid": "taobao_trade_TradeBuyerPay",
    "shipped": "taobao_trade_TradeSellerShip",
    "finished": "taobao_trade_TradeSuccess",
    "closed": "taobao_trade_TradeClose",
    "refunded": "taobao_refund_RefundSuccess",
}
_MINUTES: Final = 10
# What is listed unless types are named; a fixed price is a kind of guarantee_trade.
_LISTED_TYPES: Final = {"guarantee_trade", "fixed", "auction", "auto_delivery", "ec", "cod", "step"}
_EVERY_FOREIGN: Final = 5

Answer = dict[str, Any]


class SimulatedTaobao:
    """Answers like TOP, for one shop."""

    def __init__(self, shop: SimulatedShop, gate: Gate) -> None:
        self.shop = shop
        self.gate = gate
        self._messages: dict[int, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._methods: dict[str, Callable[[dict[str, str]], Awaitable[Answer]]] = {
            "taobao.trades.sold.increment.get": self._increment,
            "taobao.trade.fullinfo.get": self._full,
            "taobao.refunds.receive.get": self._refunds,
            "taobao.refund.get": self._one_refund,
            "taobao.tmc.messages.consume": self._consume,
            "taobao.tmc.messages.confirm": self._confirm,
        }
        shop.listeners.append(self._heard)

    def forget_messages(self) -> None:
        """What has happened so far was told to others."""
        self._messages.clear()

    async def answer(self, asked: Asked) -> Answer:
        """Return what TOP would say."""
        told = {**asked.query, **asked.form}
        if (trouble := self.gate.trouble()) is not None:
            return self._troubled(trouble)
        if (objection := self._unsigned(told)) is not None:
            return objection
        method = told.get("method", "")
        if method == "taobao.top.auth.token.refresh":
            return self._renewed(told)
        if (objection := self._unauthorised(told)) is not None:
            return objection
        await self.gate.called(method, int(told.get("page_no", "1")))
        return await self._methods[method](told)

    def _unsigned(self, told: dict[str, str]) -> Answer | None:
        if told.get("app_key") != self.gate.app_key:
            return _error(29, "Invalid App Key")
        if not self._is_timely(told.get("timestamp", "")):
            return _error(31, "Invalid Timestamp")
        return None if is_signed_for_taobao(told, self.gate.secret) else _error(25, "Invalid Signature")

    def _unauthorised(self, told: dict[str, str]) -> Answer | None:
        if told.get("method") not in self._methods:
            return _error(22, "Invalid Method")
        if "session" not in told:
            return _error(26, "Missing Session")
        return None if told["session"] == self.gate.access else _error(27, "Invalid session", "invalid-sessionkey")

    def _troubled(self, trouble: Trouble) -> Answer:
        if trouble == "limited":
            words = f"This ban will last for {self.gate.ban_seconds} more seconds"
            return _error(7, "App Call Limited", "accesscontrol.limited-by-api-access-count", words)
        return _error(15, "Remote service error", "isp.remote-service-timeout")

    def _renewed(self, told: dict[str, str]) -> Answer:
        if not self.gate.may_renew or told.get("refresh_token") != self.gate.refresh:
            return _error(15, "Remote service error", "invalid_grant")
        access, refresh = self.gate.renew()
        seconds = int(self.gate.lifetime.total_seconds())
        result = json.dumps({"access_token": access, "refresh_token": refresh, "expires_in": seconds})
        return {"top_auth_token_refresh_response": {"token_result": result}}

    async def _increment(self, told: dict[str, str]) -> Answer:
        window = _window(told)
        if window is None or window[1] - window[0] > timedelta(days=1):
            return _error(41, "Invalid Arguments", "isv.invalid-parameter")
        types = set(filter(None, told.get("type", "").split(","))) or _LISTED_TYPES
        found = [order for order in self.shop.orders_between(*window) if _type(order) in types]
        page = self.gate.page(found, int(told.get("page_no", "1")), min(int(told.get("page_size", "40")), 100))
        trades = [only(trade(order), told.get("fields", "")) for order in page]
        return {"trades_sold_increment_get_response": {"total_results": len(found), "trades": {"trade": trades}}}

    async def _full(self, told: dict[str, str]) -> Answer:
        order = self.shop.orders.get(int(told.get("tid", "0")))
        if order is None:
            return _error(15, "Remote service error", "isv.trade-not-exist")
        fields = told.get("fields", "")
        found = only(trade(order), fields)
        if "buyer_nick" not in fields.split(","):
            found.pop("buyer_open_uid", None)  # it comes with the nick alone
        return {"trade_fullinfo_get_response": {"trade": found}}

    async def _refunds(self, told: dict[str, str]) -> Answer:
        window = _window(told)
        if window is None:
            return _error(41, "Invalid Arguments", "isv.invalid-parameter")
        found = self.shop.refunds_between(*window)
        page = self.gate.page(found, int(told.get("page_no", "1")), int(told.get("page_size", "40")))
        refunds = [only(_refund(one), told.get("fields", "")) for one in page]
        return {"refunds_receive_get_response": {"total_results": len(found), "refunds": {"refund": refunds}}}

    async def _one_refund(self, told: dict[str, str]) -> Answer:
        refund = self.shop.refunds.get(int(told.get("refund_id", "0")))
        if refund is None:
            return _error(15, "Remote service error", "isv.refund-not-exist")
        return {"refund_get_response": {"refund": only(_refund(refund), told.get("fields", ""))}}

    async def _consume(self, told: dict[str, str]) -> Answer:
        waiting = list(self._messages.values())[: int(told.get("quantity", "100"))]
        return {"tmc_messages_consume_response": {"messages": {"tmc_message": waiting} if waiting else {}}}

    async def _confirm(self, told: dict[str, str]) -> Answer:
        for number in told.get("s_message_ids", "").split(","):
            self._messages.pop(int(number or "0"), None)
        return {"tmc_messages_confirm_response": {"is_success": True}}

    def _heard(self, notice: Notice) -> None:
        content = {"tid": notice.order.number, "status": _status(notice.order)}
        if notice.refund:
            content["refund_id"] = notice.refund.number
        number = next(self._numbers)
        topic = _TOPICS[notice.what]
        self._messages[number] = {"id": number, "topic": topic, "content": json.dumps(content), "user_nick": "shop"}

    def _is_timely(self, stamp: str) -> bool:
        if stamp.isdigit():
            return self.gate.is_near(datetime.fromtimestamp(int(stamp) / 1000, UTC), _MINUTES)
        try:
            return self.gate.is_near(datetime.fromisoformat(stamp).replace(tzinfo=_ZONE), _MINUTES)
        except ValueError:
            return False


def _type(order: SimulatedOrder) -> str:
    return "fixed" if order.number % _EVERY_FOREIGN else "tmall_i18n"


def _status(order: SimulatedOrder) -> str:
    # Taobao itself closes what nobody pays; what was paid is closed by the two of them.
    return "TRADE_CLOSED" if order.closed and order.paid else _STATES[order.state]


def trade(order: SimulatedOrder) -> dict[str, Any]:
    """Return an order as `taobao.trade.fullinfo.get` tells it."""
    lines = [
        {
            "oid": order.number * 10 + place,
            "num_iid": 600_000_000_000_000_000 + int(line.product),
            "outer_sku_id": f"SKU-{line.product}",
            "num": line.quantity,
            "price": _yuan(line.fen),
            "payment": _yuan(line.fen),
            "divide_order_fee": _yuan(line.fen),
        }
        for place, line in enumerate(order.basket.lines, 1)
    ]
    told = {
        "tid": order.number,
        "tid_str": str(order.number),
        "status": _status(order),
        "type": _type(order),
        "created": _clock(order.created),
        "pay_time": _clock(order.paid),
        "consign_time": _clock(order.shipped),
        "end_time": _clock(order.finished or order.closed),
        "modified": _clock(order.modified),
        "payment": _yuan(order.basket.fen),
        "total_fee": _yuan(order.basket.fen),
        "post_fee": "0.00",
        "buyer_nick": f"{order.basket.buyer[:1]}**",
        "buyer_open_uid": f"AAtm{int(order.basket.buyer):08d}",
        "receiver_name": "李*",
        "receiver_mobile": "*******0001",
        "retail_store_code": order.basket.store,
        "orders": {"order": lines},
    }
    return {name: value for name, value in told.items() if value is not None}


def _refund(refund: SimulatedRefund) -> dict[str, Any]:
    return {
        "refund_id": str(refund.number),
        "tid": refund.order.number,
        "oid": refund.order.number * 10 + 1,
        "status": "SUCCESS" if refund.done else "WAIT_SELLER_AGREE",
        "created": _clock(refund.created),
        "modified": _clock(refund.modified),
        "refund_fee": _yuan(refund.fen),
        "buyer_nick": "**",
        "buyer_open_uid": f"AAtm{int(refund.order.basket.buyer):08d}",
    }


def _window(told: dict[str, str]) -> tuple[datetime, datetime] | None:
    try:
        start, end = (datetime.fromisoformat(told[name]) for name in ("start_modified", "end_modified"))
    except (KeyError, ValueError):
        return None
    return start.replace(tzinfo=_ZONE), end.replace(tzinfo=_ZONE)


def _error(code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> Answer:
    return {"error_response": {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg, "request_id": "sim"}}


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _clock(moment: datetime | None) -> str | None:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S") if moment else None
