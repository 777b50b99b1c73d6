"""The messages that simulated platforms push: signed as the real ones are, sent to the address of a source."""

import hashlib
import itertools
import json
import urllib.parse
from typing import Final

import httpx
import msgspec

from workers.marketplaces.simulator.gate import Gate
from workers.marketplaces.simulator.shop import Notice
from workers.marketplaces.simulator.youzan import order_told, tid

_TAGS: Final = {"created": 100, "paid": 101, "shipped": 102, "finished": 103, "closed": 104, "refunded": 206}
_TYPES: Final = {
    "created": "trade_TradeCreate",
    "paid": "trade_TradePaid",
    "shipped": "trade_TradeSellerShip",
    "finished": "trade_TradeSuccess",
    "closed": "trade_TradeClose",
    "refunded": "youzan_trade_RefundSuccess",
}
_numbers = itertools.count(1)


class Push(msgspec.Struct, frozen=True):
    """A message as it goes over the wire."""

    headers: dict[str, str]
    body: bytes

    async def to(self, client: httpx.AsyncClient, url: str) -> httpx.Response:
        """Send it."""
        return await client.post(url, content=self.body, headers=self.headers)


def douyin_push(notice: Notice, gate: Gate) -> Push:
    """Return what Douyin would push: an array, its signature over key, body and secret."""
    data = {"p_id": notice.order.number, "shop_id": 1, "s_ids": [notice.order.number * 10 + 1]}
    if notice.refund:
        data |= {"aftersale_id": notice.refund.number}
    message = {"tag": str(_TAGS[notice.what]), "msg_id": str(next(_numbers)), "data": json.dumps(data)}
    return signed_for_douyin(json.dumps([message]).encode(), gate)


def signed_for_douyin(body: bytes, gate: Gate) -> Push:
    """Sign a body as Douyin does."""
    sign = hashlib.new("md5", gate.app_key.encode() + body + gate.secret.encode(), usedforsecurity=False).hexdigest()
    headers = {"content-type": "application/json", "app-id": gate.app_key, "event-sign": sign}
    return Push(headers, body)


def youzan_push(notice: Notice, gate: Gate, *, in_header: bool = True) -> Push:
    """Return what Youzan would push; signed in the header as today, or inside the body as of old."""
    kind = _TYPES[notice.what]
    msg: object
    if notice.refund:
        msg = {"tid": tid(notice.order), "refund_id": str(notice.refund.number)}  # the newer ones are objects
    elif notice.what in {"created", "paid"}:
        msg = urllib.parse.quote(json.dumps({"full_order_info": order_told(notice.order)}))
    else:
        msg = urllib.parse.quote(json.dumps({"tid": tid(notice.order)}))
    told = {
        "client_id": gate.app_key,
        "kdt_id": 1,
        "type": kind,
        "mode": 1,
        "test": False,
        "msg_id": str(next(_numbers)),
        "msg": msg,
    }
    if isinstance(msg, str):
        told["sign"] = _md5(gate.app_key + msg + gate.secret)
    body = json.dumps(told).encode()
    headers = {"content-type": "application/json"}
    if in_header:
        sign = _md5(gate.app_key + body.decode() + gate.secret)
        headers |= {"event-sign": sign, "event-type": kind, "client-id": gate.app_key}
    return Push(headers, body)


def _md5(text: str) -> str:
    return hashlib.new("md5", text.encode(), usedforsecurity=False).hexdigest()
