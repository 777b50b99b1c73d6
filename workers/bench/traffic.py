"""The traffic the benches send: what a shop's trackers send on a busy day, whichever family they are of."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

_EVENTS: Final = ("Product Viewed",) * 6 + ("Product Added",) * 2 + ("Products Searched",) + ("Order Completed",)
_APART: Final = timedelta(milliseconds=1)


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """Something a known customer did; `id` is unique, and no two happened in the same millisecond."""

    id: str
    number: int
    customer: int
    name: str
    properties: dict[str, Any]
    at: datetime


def happenings(items: int, customers: int, *, name: str, seed: int = 7) -> list[Happened]:
    """Return what so many customers did until now; the ids begin with `name`."""
    rng = random.Random(seed)  # noqa: S311 - traffic, no secret
    begin = datetime.now(UTC) - items * _APART
    return [_happened(number, customers, f"{name}-{number}", begin + number * _APART, rng) for number in range(items)]


def batches(happened: Sequence[Happened], size: int) -> list[Sequence[Happened]]:
    """Return them in batches of this size."""
    return [happened[at : at + size] for at in range(0, len(happened), size)]


def _happened(number: int, customers: int, name: str, at: datetime, rng: random.Random) -> Happened:
    event = rng.choice(_EVENTS)
    price = rng.randrange(100, 20_000) / 100
    properties: dict[str, Any] = {
        "product_id": f"sku-{rng.randrange(5_000)}",
        "category": rng.choice(("dairy", "fruit", "baby", "appliances", "snacks")),
        "price": price,
        "currency": "CNY",
        "quantity": rng.randrange(1, 4),
    }
    if event == "Order Completed":
        properties |= {"order_id": f"order-{name}", "revenue": price}
    return Happened(id=name, number=number, customer=rng.randrange(customers), name=event, properties=properties, at=at)
