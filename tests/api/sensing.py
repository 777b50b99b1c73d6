"""Records as the SDKs of Sensors Analytics send them."""

import base64
import gzip
import json
import time
from typing import Any
from urllib.parse import quote

import httpx

from domain.ingestion.sensors_request import java_hash


def tracked(login: str, event: str = "ViewProduct", **properties: Any) -> dict[str, Any]:
    """An event of a member, as an SDK of a server sends it."""
    given = {"$lib": "python", "$lib_version": "1.11.0", "$is_login_id": True} | properties
    return record("track", login, event=event, properties=given)


def record(kind: str, distinct_id: str, **fields: Any) -> dict[str, Any]:
    """A record of any type, now."""
    made = {
        "type": kind,
        "distinct_id": distinct_id,
        "time": int(time.time() * 1000),
        "lib": {"$lib": "python", "$lib_version": "1.11.0", "$lib_method": "code"},
        "properties": {"$is_login_id": True},
    }
    return made | fields


def encoded(*records: dict[str, Any], zipped: bool = True) -> str:
    """The text of `data_list`."""
    raw = json.dumps(list(records), ensure_ascii=False).encode()
    return base64.b64encode(gzip.compress(raw) if zipped else raw).decode()


async def collect(client: httpx.AsyncClient, token: str, *records: dict[str, Any], path: str = "/sa") -> int:
    """Send records that must be answered as every one is; returns the position."""
    form = f"data_list={quote(encoded(*records), safe='')}&gzip=1"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post(path, params={"token": token}, content=form, headers=headers)
    assert answer.status_code == 200, answer.text
    return int(answer.headers["koi-position"])


def checked(one: dict[str, Any]) -> dict[str, str]:
    """A record as the web SDK puts it into an image's address."""
    text = base64.b64encode(json.dumps(one).encode())
    return {"data": text.decode(), "ext": f"crc={java_hash(text)}"}
