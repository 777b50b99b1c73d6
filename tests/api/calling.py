"""The other side of the callbacks: what platforms send, signed and encrypted by their own libraries."""

import hashlib
import itertools
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from wechatpy.crypto import WeChatCrypto

SECRET: Final = "a-secret-nobody-guesses"
TOKEN: Final = "token-of-the-tests"
AES_KEY: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
APP: Final = "wx1a2b3c4d5e6f7a8b"
_message_ids: Final = itertools.count(7_000_000_000_000_000_000 + uuid.uuid4().int % 10**15)


def declare(folder: Path, name: str, **settings: Any) -> str:
    """Declare a source of a running Koi, and return its address."""
    folder.mkdir(exist_ok=True, parents=True)
    lines = [f'{key} = "{value}"' for key, value in settings.items() if isinstance(value, str)]
    tables = [
        f"[{key}]\n" + "\n".join(f'"{k}" = "{v}"' for k, v in value.items())
        for key, value in settings.items()
        if isinstance(value, dict)
    ]
    (folder / f"{name}.toml").write_text("\n".join([f'hook = "{SECRET}"', *lines, *tables, ""]))
    return f"/hooks/{name}/{SECRET}"


def an_openid() -> str:
    """An OpenID nobody else has."""
    return f"o{uuid.uuid4().hex[:27]}"


def a_message_id() -> str:
    """A MsgId, larger than a double can hold."""
    return str(next(_message_ids))


def signed(*parts: str, **others: str) -> dict[str, str]:
    """The query of a call in plain mode."""
    timestamp, nonce = str(int(time.time())), uuid.uuid4().hex[:10]
    parts = parts or (TOKEN,)
    made = hashlib.sha1("".join(sorted((*parts, timestamp, nonce))).encode(), usedforsecurity=False).hexdigest()
    return {"signature": made, "timestamp": timestamp, "nonce": nonce, **others}


def xml(**fields: Any) -> str:
    """A message as WeChat writes it: texts within CDATA, numbers bare; dictionaries nest, lists repeat."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Mapping[str, Any]) -> str:
    parts = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            inner = _elements(one) if isinstance(one, dict) else one if isinstance(one, int) else f"<![CDATA[{one}]]>"
            parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)


def event(openid: str, name: str, **fields: Any) -> str:
    """An event about a person."""
    when = fields.pop("CreateTime", int(time.time()))
    head = {"ToUserName": "gh_123", "FromUserName": openid, "CreateTime": when, "MsgType": "event", "Event": name}
    return xml(**(head | fields))


def encrypted(message: str, *, app: str = APP, token: str = TOKEN, key: str = AES_KEY) -> tuple[str, dict[str, str]]:
    """The message in safe mode, made by wechatpy: its body and its query."""
    timestamp, nonce = str(int(time.time())), uuid.uuid4().hex[:10]
    body = str(WeChatCrypto(token, key, app).encrypt_message(message, nonce, timestamp))
    signature = body.partition("<MsgSignature><![CDATA[")[2].partition("]]>")[0]
    return body, {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "encrypt_type": "aes"}


async def post(client: httpx.AsyncClient, address: str, body: str | bytes, query: Mapping[str, str]) -> int:
    """Send a call that must be answered with `success`, and return the position it is history at."""
    answer = await client.post(address, content=body, params=dict(query), headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.text) == (200, "success"), answer.text
    return int(answer.headers.get("koi-position", 0))
