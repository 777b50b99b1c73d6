"""What the tests send and look at, over HTTP alone."""

import asyncio
import uuid
from typing import Any

import httpx

from tests.patience import PATIENCE

SUCCESS = {"success": True}


def a_name() -> str:
    """Return a member code nobody else has."""
    return f"member-{uuid.uuid4().hex[:12]}"


def a_phone() -> str:
    """Return a Chinese mobile number nobody else has."""
    return f"138{uuid.uuid4().int % 10**8:08}"


def tracked(user_id: str, event: str = "Product Viewed", **fields: Any) -> dict[str, Any]:
    """Return one event as an SDK sends it, under a message id of its own."""
    message: dict[str, Any] = {
        "type": "track",
        "event": event,
        "userId": user_id,
        "anonymousId": None,
        "properties": {},
    }
    return message | {"messageId": str(uuid.uuid4())} | fields


async def send(client: httpx.AsyncClient, *messages: dict[str, Any], **body: Any) -> int:
    """Send a batch that must be taken, and return its position."""
    answer = await client.post("/v1/batch", json={"batch": list(messages)} | body)
    assert (answer.status_code, answer.json()) == (200, SUCCESS), answer.text
    return int(answer.headers["koi-position"])


async def profile(client: httpx.AsyncClient, identifier: str, position: int) -> dict[str, Any]:
    """Return the customer known under `type:value`, as of a position."""
    wait = {"Koi-Wait-For": str(position)}
    found = await client.get("/api/v1/customers", params={"identifier": identifier}, headers=wait)
    assert found.status_code == 200, found.text
    (only,) = found.json()["items"]
    shown = await client.get(f"/api/v1/customers/{only['profile_id']}", headers=wait)
    assert shown.status_code == 200, shown.text
    return dict(shown.json())


async def having(client: httpx.AsyncClient, identifier: str, events: int) -> dict[str, Any]:
    """Return the customer once so many of its events are history: SDKs send when they like."""
    position = await newest(client)
    async with asyncio.timeout(PATIENCE):
        while True:
            # Answers as soon as the view has come so far, after five seconds with a problem.
            wait = {"Koi-Wait-For": str(position)}
            found = await client.get("/api/v1/customers", params={"identifier": identifier}, headers=wait)
            if found.status_code == 200 and found.json()["items"]:
                customer = await profile(client, identifier, position)
                if customer["events"] >= events:
                    return customer
            position = max(await newest(client), position + (found.status_code == 200))


async def timeline(client: httpx.AsyncClient, customer_id: str, position: int) -> list[dict[str, Any]]:
    """Return what happened to a customer, the newest first."""
    answer = await client.get(f"/api/v1/customers/{customer_id}/timeline", params={"wait_for": position})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def newest(client: httpx.AsyncClient) -> int:
    """Return the position of the newest event of the log."""
    answer = await client.get("/api/v1/audit/why/1")
    return int(answer.headers["koi-position"])


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the answer is a problem document as both RFC 9457 and the SDKs want it, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = dict(answer.json())
    assert document["status"] == status
    assert document["type"] == f"urn:koi:problem:{code}"
    assert document["code"] == code
    assert document["message"] == document["detail"]
    assert document["title"]
    return document
