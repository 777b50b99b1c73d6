"""Taobao and Tmall (TOP): requests are signed over all parameters, sorted by name.

Rule: https://open.taobao.com/doc.htm?docId=101617; recomputed against `py-taobao-open` 1.0.3, whose `sign` is md5.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

Method = Literal["md5", "hmac", "hmac-sha256"]


def sign(parameters: Mapping[str, str], secret: str, method: Method = "md5") -> str:
    """Return the signature, hex in capitals.

    Over the names and values of all parameters but `sign`, sorted by name, nothing between them; md5 with the secret
    before and behind, hmac (HMAC-MD5) and hmac-sha256 with the secret as key.
    """
    told = "".join(f"{name}{parameters[name]}" for name in sorted(parameters) if name != "sign").encode()
    key = secret.encode()
    if method == "md5":
        return hashlib.md5(key + told + key, usedforsecurity=False).hexdigest().upper()
    return hmac.digest(key, told, "md5" if method == "hmac" else "sha256").hex().upper()
