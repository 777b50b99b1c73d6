"""JD's after-sales: listed by when they were asked for, so read again until the money has gone back."""

from datetime import timedelta

from commands.runtime.clock import now
from tests.workers.marketplaces.shopping import Scene, sell

EAGER = {"after_sale": {"every_hours": 0}}
METHOD = "jingdong.asc.serviceAndRefund.view"


async def test_money_that_goes_back_long_after_it_was_asked_for_is_found(scene: Scene) -> None:
    """Asked for in one pull, refunded in a later one, three weeks of windows in between; told once, with its buyer."""
    shop, gate = scene.shop("jd"), scene.gate("jd")
    orders = sell(shop, 3, hours=500)
    for order in orders:
        shop.ship(order, order.created + timedelta(hours=1))
        shop.finish(order, order.created + timedelta(hours=2))
    asked = shop.ask_back(orders[0], 990, orders[0].created + timedelta(hours=3))
    at_once = shop.refund(orders[1], 1_255, orders[1].created + timedelta(hours=3))
    source = scene.source("jd", backfill_days=30.0, mapping=EAGER)
    await scene.pull(source)
    told = f"{orders[1].number}:order.refunded:afs{at_once.number}"
    assert await _refunds(scene) == [told]
    gate.calls.clear()
    assert (await scene.pull(source)).accepted == 0
    # Seen a moment ago, so nobody's order is asked for again.
    assert {call.method for call in gate.calls if call.method.endswith((".get", ".view"))} == {METHOD}
    shop.give_back(asked, now())
    came = await scene.pull(source)
    assert await _refunds(scene) == sorted([told, f"{orders[0].number}:order.refunded:afs{asked.number}"])
    assert (came.quarantined, await scene.amount("jd", "order.refunded")) == (0, 990 + 1_255)


async def test_the_list_is_read_again_once_an_hour(scene: Scene) -> None:
    """It goes back far each time: more often would be a burden to the platform."""
    gate = scene.gate("jd")
    sell(scene.shop("jd"), 2)
    source = scene.source("jd")
    await scene.pull(source)
    assert METHOD in {call.method for call in gate.calls}
    gate.calls.clear()
    await scene.pull(source)
    assert METHOD not in {call.method for call in gate.calls}


async def test_an_application_that_may_not_ask_for_them_has_its_orders_all_the_same(scene: Scene) -> None:
    """The platform refuses this list alone (here: for its span); the notes say so, and it is no failure."""
    sell(scene.shop("jd"), 2, hours=400)
    source = scene.source("jd", backfill_days=20.0, mapping={"after_sale": {"window_hours": 240}})
    came = await scene.pull(source)
    assert came.accepted == 4
    assert [note for note in came.notes if note.startswith("after-sales are not read: ")]


async def _refunds(scene: Scene) -> list[str]:
    return sorted(message for name, message in await scene.facts("jd") if name == "order.refunded")
