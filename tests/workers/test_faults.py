"""Kill -9 of any process, while a shop is busy: nothing acknowledged is missing, no message goes out twice."""

import asyncio
import signal
from contextlib import suppress

import psutil
import pytest

from commands.runtime.services import read_services
from projections.engine.verify import verify
from projections.views import views
from tests.workers.shop import Shop, cart_journey, open_shop, track

_CUSTOMERS = 60
_PAID = """
    SELECT count(*) FILTER (WHERE topic = 'journey.exited.v1') + count(*) FILTER (WHERE topic = 'journey.completed.v1')
           >= $1 FROM decision_log
"""


def _kill(shop: Shop, victim: str) -> None:
    services = read_services(shop.stack.settings.home)
    assert services is not None
    with suppress(psutil.NoSuchProcess):
        psutil.Process(services.pids[victim]).send_signal(signal.SIGKILL)


async def _shopping(shop: Shop, victim: str) -> None:
    """Sixty members fill their carts, every third pays; the victim is killed in the middle of it, and again later."""
    for number in range(_CUSTOMERS):
        member = f"M{number}"
        added = track("Product Added", member, f"add-{number}", product_id=f"sku-{number}", price=19.9)
        viewed = [track("Product Viewed", member, f"view-{number}-{n}", product_id=f"sku-{n}") for n in range(10)]
        posting = asyncio.create_task(shop.post([*viewed, added]))
        if number in {20, 45}:
            _kill(shop, victim)
        await posting
        if number % 3 == 0:
            await shop.post([track("Order Completed", member, f"pay-{number}", order_id=f"o{number}", revenue=59.0)])


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["api", "projector", "workers", "postgres", "nats"])
async def test_nothing_is_lost_and_nobody_is_told_twice_when_a_process_is_killed(victim: str) -> None:
    """Every acknowledged event is a fact once; every member who did not pay has one coupon and one message."""
    async with open_shop() as shop:
        await shop.launch(cart_journey(wait_seconds=1.0))
        await _shopping(shop, victim)
        await shop.until(_PAID, _CUSTOMERS)
        unpaid = _CUSTOMERS - _CUSTOMERS // 3
        await shop.until("SELECT count(*) >= $1 FROM sandbox_outbox", unpaid)
        recorded = await shop.ask("SELECT array_agg(body->'$'->>'message_id') FROM fact_log")
        assert sorted(recorded) == sorted(shop.acknowledged)
        assert await shop.ask("SELECT count(*) FROM decision_log WHERE topic = 'coupon.issued.v1'") == unpaid
        assert await shop.ask("SELECT count(*) FROM decision_log WHERE topic = 'message.requested.v1'") == unpaid
        assert await shop.ask("SELECT count(*) FROM decision_log WHERE topic = 'message.accepted.v1'") == unpaid
        assert await shop.ask("SELECT count(DISTINCT customer_id) FROM sandbox_outbox") == unpaid
        await _views_are_right(shop)


async def _views_are_right(shop: Shop) -> None:
    head = await shop.ask("SELECT max(notification_id) FROM decision_log")
    await shop.until("SELECT min(position) >= $1 FROM projection_position", head)
    for view in views(shop.stack.settings.lake_url, shop.stack.settings.database_url):
        verified = await verify(shop.stack.settings.database_url, view)
        assert verified.equal, view.name
