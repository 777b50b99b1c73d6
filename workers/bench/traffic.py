"""The traffic the benches send: what a shop's tracker sends on a busy day."""

import random
from datetime import UTC, datetime

import msgspec

_EVENTS = ("Product Viewed",) * 6 + ("Product Added",) * 2 + ("Products Searched",) + ("Order Completed",)
_encode = msgspec.json.Encoder().encode


def tracked(number: int, customers: int, rng: random.Random) -> dict[str, object]:
    """Return one event of a known customer, with an id of its own."""
    name = rng.choice(_EVENTS)
    price = rng.randrange(100, 20_000) / 100
    properties: dict[str, object] = {
        "product_id": f"sku-{rng.randrange(5_000)}",
        "category": rng.choice(("dairy", "fruit", "baby", "appliances", "snacks")),
        "price": price,
        "currency": "CNY",
        "quantity": rng.randrange(1, 4),
    }
    if name == "Order Completed":
        properties |= {"order_id": f"order-{number}", "revenue": price}
    customer = rng.randrange(customers)
    return {
        "type": "track",
        "messageId": f"bench-{number}",
        "userId": f"member-{customer}",
        "anonymousId": f"device-{customer}",
        "event": name,
        "properties": properties,
        "context": {"library": {"name": "bench", "version": "1"}},
        "timestamp": datetime.now(UTC).isoformat(),
    }


def batches(items: int, size: int, customers: int, *, seed: int = 7) -> list[bytes]:
    """Return the bodies of `/v1/batch` requests of `size` events each."""
    rng = random.Random(seed)  # noqa: S311 - traffic, no secret
    events = [tracked(number, customers, rng) for number in range(items)]
    sent_at = datetime.now(UTC).isoformat()
    return [_encode({"batch": events[at : at + size], "sentAt": sent_at}) for at in range(0, items, size)]
