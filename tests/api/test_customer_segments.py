"""The live segments of a customer over HTTP: which, since when, why, and how that came about."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.segments.changing_segment import ActivateSegment, activate_segment
from commands.segments.create_segment import CreateSegment, create_segment
from domain.kernel.rules.reading import written
from domain.kernel.rules.tree import Compare, Tag
from domain.segments.segment import Words
from tests.api.running import serving
from tests.workers.segmenting.watched_shop import LI, NOON, WatchedShop, bought, customer_of, open_shop
from workers.segmenting.defining import Defining

DAY = timedelta(days=1)


@pytest.fixture
async def shop(settings: Settings, secrets: Secrets) -> AsyncIterator[WatchedShop]:
    """A shop that is watched."""
    async with open_shop(settings, secrets) as shop:
        yield shop


async def _live(shop: WatchedShop, **rules: object) -> None:
    """Create segments and let their changes be told."""
    position = 0
    for key, rule in rules.items():
        words = Words(name_zh="买家", name_en="Buyers")
        create = CreateSegment(key=key, words=words, rule=written(rule))  # type: ignore[arg-type]  # rules are given
        await create_segment(create, streams=shop.store.streams, by=LI)
        saved = await activate_segment(ActivateSegment(key=key), streams=shop.store.streams, by=LI)
        position = saved.position
    await shop.define(*await Defining(shop.store.pool).at(position))


async def test_segments_of_a_customer_with_since_and_reason(
    shop: WatchedShop, settings: Settings, secrets: Secrets
) -> None:
    """In one since an order; in the other since before it went live."""
    await shop.happens(shop.did("M1", "order.completed", NOON - DAY), settle=False)
    await shop.define()
    shop.now = NOON
    loyal = Compare(left=Tag(key="orders_30d"), op="gte", right=2)
    await _live(shop, buyers=bought(days=30), loyal=loyal, week=bought(days=2))
    await shop.happens(shop.did("M1", "order.completed", NOON))
    await shop.move_to(NOON + 3 * DAY)
    with serving(settings, secrets) as url:
        headers = {"Authorization": f"Bearer {secrets.admin_key}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            answer = await client.get(f"/api/v1/customers/{customer_of('M1')}/segments")
            unknown = await client.get(f"/api/v1/customers/{uuid4()}/segments")
            metrics = await client.get("/metrics")
    assert unknown.status_code == 404
    found = {one["segment"]: (one["since"], one["reason"], one["is_complete"]) for one in answer.json()["segments"]}
    assert found == {
        "buyers": (None, None, True),
        "loyal": ("2026-03-02T04:00:00Z", "order.completed", True),
    }
    changes = [(one["segment"], one["is_in"], one["reason"]) for one in answer.json()["changes"]]
    assert changes == [("week", False, "time_passed"), ("loyal", True, "order.completed")]
    assert "koi_segmenting_live_segments 3.0" in metrics.text
