"""A live campaign, made over HTTP as an operator's tool would."""

import uuid
from typing import Any

import httpx

from tests.builders import CART_JOURNEY, TEMPLATES

OFFER = {"offer_id": "cart-5-off", "label": "满50减5", "value": 500, "threshold": 5_000, "currency": "CNY"}


async def post(client: httpx.AsyncClient, path: str, version: int | None = None, **body: Any) -> dict[str, Any]:
    """Carry out a command that must succeed, under a key of its own; return its answer."""
    headers = {"Idempotency-Key": f'"{uuid.uuid4()}"'} | ({} if version is None else {"If-Match": f'"v{version}"'})
    answer = await client.post(path, json=body or None, headers=headers)
    assert answer.status_code in {201, 202}, answer.text
    return dict(answer.json())


async def a_live_campaign(client: httpx.AsyncClient, **offer: Any) -> dict[str, Any]:
    """Create, design, offer, launch; return the answer to the launch."""
    made = await post(client, "/api/v1/campaigns", name="购物车挽回")
    path = f"/api/v1/campaigns/{made['id']}"
    offered = await post(client, f"{path}/offers", made["version"], **(OFFER | offer))
    designed = await post(client, f"{path}/design", offered["version"], journey=CART_JOURNEY, templates=TEMPLATES)
    assert designed["journey_version"] == 1
    return await post(client, f"{path}/launch", designed["version"])
