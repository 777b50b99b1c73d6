"""Youzan (有赞): requests carry a token and no signature; pushed messages are signed by MD5, in header or body.

Rule: the header `Event-Sign` is over the raw body (https://doc.youzanyun.com, message push); the older `sign` inside
the body is over `msg` exactly as it was received, before it is URL-decoded. No public client checks either; the vectors
of the tests were computed with OpenSSL.
"""

import hashlib


def sign_body(client_id: str, body: bytes, client_secret: str) -> str:
    """Return what the header `Event-Sign` must be: the MD5 (hex) of client id, raw body and client secret."""
    return hashlib.md5(client_id.encode() + body + client_secret.encode(), usedforsecurity=False).hexdigest()


def sign_msg(client_id: str, msg: str, client_secret: str) -> str:
    """Return what `sign` inside the body must be: the same over `msg` as received."""
    return sign_body(client_id, msg.encode(), client_secret)
