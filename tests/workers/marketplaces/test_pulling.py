"""Every adapter against its platform over HTTP: all orders, exactly once, whatever the platform does meanwhile.

The four shops of a scene are pulled at once, as a Koi with four sources would.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from commands.marketplaces.tokens import ReauthoriseError
from commands.runtime.clock import now
from tests.workers.marketplaces.shopping import PLATFORMS, Scene, a_basket, expected, number_of, sell
from workers.marketplaces.simulator.gate import Call

SMALL_PAGES = {"limits": {"page_size": 5}}


async def each(told: Callable[[str], Awaitable[None]]) -> None:
    """Do the same with all four."""
    await asyncio.gather(*(told(kind) for kind in PLATFORMS))


async def test_all_orders_of_a_shop_become_history_and_a_second_pull_changes_nothing(scene: Scene) -> None:
    """Placed, paid, some shipped, received or cancelled; one refunded: each once, with its money, ids as text."""

    async def told(kind: str) -> None:
        shop = scene.shop(kind)
        orders = sell(shop, 17)
        for order in orders[:8]:
            shop.ship(order, order.created + timedelta(minutes=10))
        shop.finish(orders[0], now() - timedelta(minutes=30))
        shop.close(orders[1], now() - timedelta(minutes=20))
        refund = shop.refund(orders[2], 500, now() - timedelta(minutes=10))
        source = scene.source(kind, mapping=SMALL_PAGES)
        came = await scene.pull(source)
        facts = expected(kind, orders)
        refunded = ("order.refunded", f"{number_of(kind, orders[2])}:order.refunded:{refund.number}")
        assert await scene.facts(kind) == sorted([*facts, refunded], key=lambda fact: (fact[1], fact[0]))
        assert (came.accepted, came.duplicates, came.quarantined) == (len(facts) + 1, 0, 0)
        assert await scene.amount(kind, "order.completed") == sum(order.basket.fen for order in orders)
        assert await scene.amount(kind, "order.refunded") == 500
        again = await scene.pull(source)
        assert (again.accepted, again.quarantined) == (0, 0)

    await each(told)
    pool = scene.means.store.pool
    ids = {row["id"] for row in await pool.fetch("SELECT DISTINCT body->>'order_id' AS id FROM fact_log")}
    assert {number_of(kind, order) for kind in PLATFORMS for order in scene.shop(kind).orders.values()} == ids
    # Nobody else's key: seventeen buyers each, and what was told of them is sealed under theirs.
    assert await pool.fetchval("SELECT count(*) FROM subject_key") == 17 * len(PLATFORMS)
    assert await pool.fetchval("SELECT count(*) FROM fact_log WHERE body::text ~ '李\\*|王\\*|张\\*|赵\\*|138\\*'") == 0


async def test_orders_that_change_while_pages_are_turned_are_missed_by_nobody(scene: Scene) -> None:
    """Each page turned, two orders that are still to come change and leave the window, and the others move up."""

    async def told(kind: str) -> None:
        shop, gate = scene.shop(kind), scene.gate(kind)
        orders = sell(shop, 24)
        waiting = list(orders)

        def change(call: Call) -> None:
            if waiting and ("search" in call.method or "increment" in call.method or "sold" in call.method):
                for order in (waiting.pop(0), waiting.pop()):
                    shop.ship(order, now() + timedelta(minutes=2))

        gate.on_call = change
        gate.duplicates = True
        source = scene.source(kind, mapping=SMALL_PAGES)
        await scene.pull(source)
        gate.on_call = None
        unchanged = [order for order in orders if order.shipped is None]
        assert unchanged
        assert set(expected(kind, unchanged)) <= set(await scene.facts(kind))
        for order in orders:  # those that left the window come with the next one
            order.modified = min(order.modified, now())
        await scene.pull(source)
        assert await scene.facts(kind) == expected(kind, orders)

    await each(told)


async def test_a_platform_in_trouble_is_asked_again_until_it_answers(scene: Scene) -> None:
    """Limits with the seconds told, errors with status 200, 429, 503, and a proxy's page of HTML."""

    async def told(kind: str) -> None:
        orders = sell(scene.shop(kind), 4)
        gate = scene.gate(kind)
        gate.ban_seconds = 0
        gate.troubles += ["limited", "passing", "http503", "http429", "garbage"]
        await scene.pull(scene.source(kind))
        assert await scene.facts(kind) == expected(kind, orders)
        assert gate.troubles == []

    await each(told)


async def test_a_platform_that_gives_fewer_a_page_than_it_is_asked_for_is_read_to_its_end(scene: Scene) -> None:
    """JD gives fifty refunds a page, whatever one asks for; and nobody promises to be told of such a change."""

    async def told(kind: str) -> None:
        orders = sell(scene.shop(kind), 11)
        scene.gate(kind).most_records = 4
        await scene.pull(scene.source(kind))
        assert await scene.facts(kind) == expected(kind, orders)

    await each(told)


async def test_who_is_told_to_wait_long_leaves_the_rest_to_the_next_pull(scene: Scene) -> None:
    """TOP tells the seconds: a source that may not ask for an hour is due again in an hour, and has not failed."""
    orders = sell(scene.shop("taobao"), 3)
    gate = scene.gate("taobao")
    gate.ban_seconds = 3_600
    gate.troubles += ["limited"]
    source = scene.source("taobao")
    came = await scene.pull(source)
    assert came.again_in is not None
    assert came.again_in >= timedelta(hours=1)
    await scene.pull(source)
    assert await scene.facts("taobao") == expected("taobao", orders)


async def test_a_token_that_runs_out_in_the_middle_is_renewed_once_and_kept(scene: Scene) -> None:
    """The refresh token as well: the platform has given a new one, and the old one is dead."""

    async def told(kind: str) -> None:
        orders = sell(scene.shop(kind), 12)
        gate = scene.gate(kind)
        turned = 0

        def run_out(_: Call) -> None:
            nonlocal turned
            turned += 1
            if turned in {2, 4}:
                gate.expire()

        gate.on_call = run_out
        source = scene.source(kind, mapping=SMALL_PAGES)
        await scene.pull(source)
        gate.on_call = None
        assert await scene.facts(kind) == expected(kind, orders)
        renewals = gate.renewals
        assert renewals >= 2
        await scene.pull(source)  # another process would begin like this: with what was kept
        assert gate.renewals == renewals

    await each(told)
    kept = b"".join(row["sealed"] for row in await scene.means.store.pool.fetch("SELECT sealed FROM marketplace_token"))
    assert all(scene.gate(kind).refresh.encode() not in kept for kind in PLATFORMS)


async def test_a_shop_that_took_its_authorisation_back_says_so_until_it_gives_another(scene: Scene) -> None:
    """A person has to act: a new session in the file, or, where none is needed, another authorisation there."""

    async def told(kind: str) -> None:
        orders = sell(scene.shop(kind), 2)
        gate = scene.gate(kind)
        gate.revoke()
        of_old = {} if kind == "youzan" else {"session": "session-of-old", "refresh_token": "refresh-of-old"}
        source = scene.source(kind, **of_old)
        for _ in range(2):
            with pytest.raises(ReauthoriseError, match="重新授权"):
                await scene.pull(source)
        gate.may_renew = True
        access, refresh = gate.renew()
        anew = {} if kind == "youzan" else {"session": access, "refresh_token": refresh}
        await scene.pull(scene.source(kind, **anew))
        assert await scene.facts(kind) == expected(kind, orders)

    await each(told)


async def test_a_pull_begins_before_where_the_last_one_ended(scene: Scene) -> None:
    """An order the platform lists late, with a time before the last pull, is found by the overlap."""
    shop = scene.shop("taobao")
    sell(shop, 3)
    source = scene.source("taobao", overlap_seconds=600)
    await scene.pull(source)
    late = shop.place(a_basket(99), now() - timedelta(minutes=5))
    too_late = shop.place(a_basket(98), now() - timedelta(minutes=30))
    await scene.pull(source)
    told = {message for _, message in await scene.facts("taobao")}
    assert f"{late.number}:order.placed" in told
    assert f"{too_late.number}:order.placed" not in told


async def test_what_the_overlap_tells_again_is_not_asked_for_again(scene: Scene) -> None:
    """Every order of Taobao costs a call: only those that changed are asked for; a new mapping reads them anew."""
    shop, gate = scene.shop("taobao"), scene.gate("taobao")
    orders = sell(shop, 5, hours=0.5)
    source = scene.source("taobao", overlap_seconds=7_200)
    await scene.pull(source)
    shop.ship(orders[0], now())
    gate.calls.clear()
    came = await scene.pull(source)
    assert [call.method for call in gate.calls].count("taobao.trade.fullinfo.get") == 1
    assert (came.read, came.accepted) == (5, 1)
    gate.calls.clear()
    await scene.pull(
        scene.source("taobao", overlap_seconds=7_200, mapping={"order": {"fields": {"total": "total_fee"}}})
    )
    assert [call.method for call in gate.calls].count("taobao.trade.fullinfo.get") == 5


async def test_a_shop_that_wants_more_of_the_past_is_read_from_there(scene: Scene) -> None:
    """Thirty days instead of one, some weeks later."""
    old, new = sell(scene.shop("jd"), 3, hours=70), sell(scene.shop("jd"), 3, hours=5)
    await scene.pull(scene.source("jd", backfill_days=0.5))
    recent = [order for order in (*old, *new) if order.modified > now() - timedelta(days=0.5)]
    assert await scene.facts("jd") == expected("jd", recent)
    await scene.pull(scene.source("jd", backfill_days=5.0))
    assert await scene.facts("jd") == expected("jd", [*old, *new])


async def test_a_long_gap_is_read_in_windows_and_a_full_window_is_cut(scene: Scene) -> None:
    """Five days in windows of six hours, nothing twice at their borders; three pages where two are listed."""
    long_gap, full = sell(scene.shop("jd"), 20, hours=110), sell(scene.shop("youzan"), 24, hours=5)
    await scene.pull(scene.source("jd", backfill_days=5.0, mapping={"limits": {"window_hours": 6}}))
    await scene.pull(scene.source("youzan", mapping={"limits": {"page_size": 3, "most_pages": 2}}))
    assert await scene.facts("jd") == expected("jd", long_gap)
    assert await scene.facts("youzan") == expected("youzan", full)
