"""What does not fit is put aside with its reason, what other systems told already is not told twice."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from commands.activity.quarantine import Chosen
from commands.activity.replaying import replay_asked
from commands.activity.settling import ask_replay
from commands.runtime.clock import now
from domain.activity.activity import Activity
from domain.identity.identifier import identifier
from domain.ingestion.mapping_reading import read
from tests.workers.marketplaces.shopping import Scene, expected, sell
from workers.connectors.importing import import_file
from workers.marketplaces.simulator import taobao
from workers.marketplaces.simulator.shop import SimulatedOrder
from workers.quarantine.replayers import replayers


async def test_an_order_that_does_not_fit_is_put_aside_whole_and_its_neighbours_go_through(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A status that nobody knows yet: reason, field, and the bytes as they came, once however often it is told."""
    orders = sell(scene.shop("taobao"), 5)
    odd, real = orders[2], taobao.trade

    def changed(order: SimulatedOrder) -> dict[str, object]:
        return real(order) | ({"status": "TRADE_TELEPORTED"} if order is odd else {})

    monkeypatch.setattr(taobao, "trade", changed)
    source = scene.source("taobao")
    first, second = await scene.pull(source), await scene.pull(source)
    assert (first.quarantined, second.quarantined) == (1, 0)  # the second pull's overlap does not reach it
    assert await scene.facts("taobao") == expected("taobao", [order for order in orders if order is not odd])
    ((reason, detail),) = await scene.quarantined()
    assert reason == "status.unknown"
    assert detail == "status: TRADE_TELEPORTED is none that the mapping knows: add it there"
    (entry,) = await scene.means.into.quarantine.newest(source=source.name, in_clear=True)
    assert entry.raw is not None
    aside = json.loads(entry.raw)  # not what the list had of it: what it can be read from once the mapping is mended
    assert (aside["tid_str"], aside["receiver_name"]) == (str(odd.number), "李*")
    alike = {"order": {"alike": {"TRADE_TELEPORTED": "WAIT_SELLER_SEND_GOODS"}}}
    mended = scene.source("taobao", mapping=alike, overlap_seconds=50_000)
    checked = await scene.check(mended)
    assert (checked.read, checked.quarantined) == (5, 0)
    await scene.pull(mended)
    assert await scene.facts("taobao") == expected("taobao", orders)


async def test_an_order_that_the_erp_told_already_is_one_order(scene: Scene) -> None:
    """The same name with the same order_ref is one fact, whichever source tells it first, in either order."""
    first, second = sell(scene.shop("taobao"), 2)
    moment = now() - timedelta(hours=1)
    erp = [
        Activity(
            message_id=f"row-{order.number}",
            source="erp",
            name="order.completed",
            occurred_at=moment,
            received_at=moment,
            identifiers=(identifier("member_code", f"M{order.number}"),),
            amount=order.basket.fen,
            currency="CNY",
            properties={"order_id": str(order.number)},
            order_ref=f"tmall:{order.number}",
        )
        for order in (first, second)
    ]
    await scene.means.intake.take(erp[:1])
    came = await scene.pull(scene.source("taobao"))
    assert came.duplicates >= 1
    taken = await scene.means.intake.take(erp[1:])
    assert (taken.accepted, taken.duplicates) == (0, 1)
    paid = await scene.means.store.pool.fetch(
        "SELECT source, body->>'order_id' AS id FROM fact_log WHERE name = 'order.completed' ORDER BY fact_id"
    )
    assert [(row["source"], row["id"]) for row in paid] == [
        ("erp", str(first.number)),
        ("tmall-flagship", str(second.number)),
    ]


async def test_the_payload_lies_sealed_under_the_customers_key(scene: Scene) -> None:
    """Erasing the key takes the raw order as well."""
    (order,) = sell(scene.shop("taobao"), 1)
    await scene.pull(scene.source("taobao"))
    store = scene.means.store
    rows = await store.pool.fetch("SELECT customer_id, sealed, body::text AS body FROM fact_log ORDER BY occurred_at")
    assert [row["sealed"] is not None for row in rows] == [False, True]
    await store.keyring.load([rows[1]["customer_id"]])
    clear = store.keyring.unseal(rows[1]["customer_id"], rows[1]["sealed"])
    assert clear is not None
    raw = json.loads(clear)["properties"]["raw"]
    assert json.loads(raw)["receiver_name"] == "李*"
    assert str(order.number) in raw
    assert "李" not in rows[1]["body"]


async def test_what_was_put_aside_is_replayed_once_the_mapping_is_mended(scene: Scene) -> None:
    """Orders, and refunds that name nobody: the order that tells whose they are lies beside them."""
    shop = scene.shop("youzan")
    order, other = sell(shop, 2)
    shop.refund(order, 450, now())
    slip = {"order": {"events": {"order.completed": {"amount": "pay_info.paid"}}}, "refund": {"amount": "fee"}}
    came = await scene.pull(scene.source("youzan", mapping=slip))
    assert (came.accepted, came.quarantined) == (0, 3)
    assert {reason for reason, _ in await scene.quarantined()} == {"money.missing"}
    scene.source("youzan")
    scene.source("jd", mapping={"order": {"idd": ["x"]}})  # its neighbour's slip of the pen holds up nobody else
    means = scene.means
    assert await ask_replay(means.store.pool, Chosen(), by="li") == 3
    done = await replay_asked(means.into.quarantine, replayers(means.settings, means.into, means.intake))
    assert (done.replayed, done.refused) == (3, 0)
    assert await scene.amount("youzan", "order.completed") == order.basket.fen + other.basket.fen
    assert await scene.amount("youzan", "order.refunded") == 450


async def test_a_file_of_the_erp_and_a_pull_of_the_shop_count_an_order_once(scene: Scene, tmp_path: Path) -> None:
    """The file names the platform's number as `order_ref`: one order was in it before the pull, one comes after."""
    first, second = sell(scene.shop("taobao"), 2)
    rows = {
        order.number: f"{order.number},M{order.number},2026-11-11 10:00:00,{order.basket.fen}"
        for order in (first, second)
    }
    mapping = read(
        """
        source = "erp"
        row = "fact"
        event = "order.completed"
        key = ["tid"]
        time = "paid_at"
        unit = "fen"
        currency = "CNY"
        amount = "fen"
        order_ref = { column = "tid", prefix = "tmall:" }
        identifier = [{ column = "member", type = "member_code" }]
        """
    )
    for number, orders in (("1", [first]), ("2", [first, second])):
        file = tmp_path / f"orders_{number}.csv"
        file.write_text(
            "\n".join(["tid,member,paid_at,fen", *(rows[order.number] for order in orders)]), encoding="utf-8"
        )
        await import_file(str(file), mapping, scene.means.into, base=tmp_path)
        await scene.pull(scene.source("taobao"))
    paid = await scene.means.store.pool.fetch(
        "SELECT source, amount FROM fact_log WHERE name = 'order.completed' ORDER BY source"
    )
    assert [(row["source"], row["amount"]) for row in paid] == [
        ("erp", first.basket.fen),
        ("tmall-flagship", second.basket.fen),
    ]
