"""Douyin shop (抖店): requests by HMAC over five parameters in a fixed order, messages by MD5 over the body as sent.

Rule: https://op.jinritemai.com/docs/guide-docs/10/23; recomputed against `doudian` 0.6 (`_sign`, `callback`).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

VERSION = "2"


def canonical(parameters: Mapping[str, Any]) -> str:
    """Return the business's parameters as they are signed and sent: names sorted, no spaces, nothing escaped."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sign(app_key: str, method: str, param_json: str, timestamp: str, secret: str) -> str:
    """Return the HMAC-SHA256 (hex) under the secret; `method` is the path with dots, such as order.searchList."""
    told = f"app_key{app_key}method{method}param_json{param_json}timestamp{timestamp}v{VERSION}"
    return hmac.digest(secret.encode(), f"{secret}{told}{secret}".encode(), "sha256").hex()


def sign_message(app_key: str, body: bytes, secret: str) -> str:
    """Return what the header `event-sign` of a pushed message must be: the MD5 (hex) of key, raw body and secret."""
    return hashlib.md5(app_key.encode() + body + secret.encode(), usedforsecurity=False).hexdigest()
