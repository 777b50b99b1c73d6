"""Pushed messages of marketplaces: verified, answered, and read for what to fetch; nothing else in them is believed."""

import hmac
import urllib.parse
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.ingestion import json_text
from domain.ingestion.callbacks.call import Answer, Call, ForgedCallError, Hint, Letter, Received
from domain.ingestion.marketplaces.finding import find, text
from domain.ingestion.marketplaces.platform import NOTHING, Platform
from domain.ingestion.marketplaces.signatures import douyin, youzan
from domain.ingestion.refusal import MalformedBodyError

_ANSWER: Final = Answer(b'{"code":0,"msg":"success"}', "application/json")
_anything: Final = msgspec.json.Decoder(Any)
# Where the numbers are, by what the message is about.
_NUMBERS: Final = {
    "order": ("p_id", "shop_order_id", "order_id", "tid", "full_order_info.order_info.tid"),
    "refund": ("aftersale_id", "after_sale_id", "refund_id"),
}


class DouyinMessages:
    """What Douyin pushes: an array, signed in a header."""

    def __init__(self, app_key: str, secret: str, platform: Platform) -> None:
        self._app_key = app_key
        self._secret = secret
        self._platform = platform

    def open(self, call: Call) -> Letter:
        """Check `app-id` and `event-sign`."""
        expected = douyin.sign_message(self._app_key, call.body, self._secret)
        is_ours = call.headers.get("app-id", self._app_key) == self._app_key
        if not is_ours or not _same(call.headers.get("event-sign", ""), expected):
            raise ForgedCallError("the header event-sign is not the one of this application", field="event-sign")
        return Letter(body=call.body, answer=_ANSWER)

    def read(self, body: bytes, received_at: datetime) -> Received:  # noqa: ARG002 - the port's
        """Return a hint for every message that is about an order or a refund; tag 0 only asks whether we are there."""
        told = json_text.read_body(_anything, body)
        messages = told if isinstance(told, list) else [told]
        hints = [
            self._hint(str(message.get("tag", "")), message.get("data"))
            for message in messages
            if isinstance(message, dict)
        ]
        return Received(hints=tuple(hint for hint in hints if hint is not None))

    def _hint(self, tag: str, data: Any) -> Hint | None:
        return _hint(self._platform, tag, data)


class YouzanMessages:
    """What Youzan pushes: one message, signed in a header, or inside the body as of old."""

    def __init__(self, client_id: str, secret: str, platform: Platform) -> None:
        self._client_id = client_id
        self._secret = secret
        self._platform = platform

    def open(self, call: Call) -> Letter:
        """Check `Event-Sign`, or where it is not there, `sign` over `msg` as it was received."""
        given = call.headers.get("event-sign")
        if given is not None:
            expected = youzan.sign_body(self._client_id, call.body, self._secret)
        else:
            told = json_text.read_body(_anything, call.body)
            msg, given = (told.get("msg"), told.get("sign")) if isinstance(told, dict) else (None, None)
            expected = youzan.sign_msg(self._client_id, msg, self._secret) if isinstance(msg, str) else ""
        if not isinstance(given, str) or not expected or not _same(given, expected):
            raise ForgedCallError("neither Event-Sign nor sign is the one of this application", field="event-sign")
        return Letter(body=call.body, answer=_ANSWER)

    def read(self, body: bytes, received_at: datetime) -> Received:  # noqa: ARG002 - the port's
        """Return the hint, if the message is about an order or a refund, and no test."""
        told = json_text.read_body(_anything, body)
        if not isinstance(told, dict):
            raise MalformedBodyError("a message of Youzan is one object")
        if told.get("test") is True:
            return Received()
        msg = told.get("msg")
        # Newer messages are objects, older ones URL-encoded JSON.
        unquoted = urllib.parse.unquote(msg) if isinstance(msg, str) else msg
        hint = _hint(self._platform, str(told.get("type", "")), unquoted)
        return Received(hints=() if hint is None else (hint,))


def _hint(platform: Platform, kind: str, data: Any) -> Hint | None:
    about = platform.hint_of(kind)
    if about == NOTHING:
        return None
    told = json_text.read_body(_anything, data.encode()) if isinstance(data, str) else data
    number = _number(told, _NUMBERS[about])
    return Hint(f"{about}:{number}") if number else None


def _number(data: Any, paths: Iterable[str]) -> str:
    found, path = find(data, paths)
    return "" if found is None else text(found, path)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.lower().encode("utf-8", "surrogatepass"), expected.encode())
