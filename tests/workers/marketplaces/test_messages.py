"""Pushed messages are hints: verified, answered at once as the platform wants it, followed, and never believed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from commands.activity import source_runs
from commands.callbacks.hints import Hints
from commands.runtime.clock import now
from tests.api.running import serving
from tests.patience import PATIENCE
from tests.workers.marketplaces.shopping import Scene, a_basket, expected, number_of
from workers.marketplaces.simulator.declaring import hook_of, name_of
from workers.marketplaces.simulator.pushing import Push, douyin_push, signed_for_douyin, youzan_push
from workers.marketplaces.simulator.shop import Notice

_AT_ONCE = {"limits": {"hint_seconds": 0}}


class Phone:
    """The platforms' side of the line to a Koi's API."""

    def __init__(self, scene: Scene, client: httpx.AsyncClient) -> None:
        self._scene = scene
        self._client = client

    async def push(self, kind: str, push: Push) -> httpx.Response:
        """Push a message to the source's address."""
        return await push.to(self._client, f"/hooks/{name_of(kind)}/{hook_of(self._scene.gate(kind))}")


@asynccontextmanager
async def line_to(scene: Scene) -> AsyncIterator[Phone]:
    """Serve the API over the scene's database and sources."""
    with serving(scene.means.settings, scene.means.secrets) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as client:
            yield Phone(scene, client)


async def hints_of(scene: Scene, kind: str) -> list[str]:
    """Return the subjects that wait."""
    return [one.subject for one in await Hints(scene.means.store.pool).waiting(name_of(kind))]


async def test_what_a_message_tells_of_is_fetched_whatever_else_it_says(scene: Scene) -> None:
    """The message is answered in the platform's form, brings the source's next run forward, and is forgotten after."""
    pool = scene.means.store.pool
    sources = {kind: scene.source(kind, mapping=_AT_ONCE, every_seconds=3_600) for kind in ("douyin", "youzan")}
    for kind, source in sources.items():
        await scene.pull(source)
        await source_runs.declare(pool, source.name, kind, b"")
        await source_runs.succeed(pool, source.name, source_runs.Counts(), {}, 3_600 * source_runs.SECOND)
    async with line_to(scene) as phone:
        for kind, push_of in (("douyin", douyin_push), ("youzan", youzan_push)):
            shop, gate = scene.shop(kind), scene.gate(kind)
            order = shop.place(a_basket(1), now())
            for _ in range(2):  # what is not answered in time is pushed again
                answer = await phone.push(kind, push_of(Notice("created", order), gate))
                assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "success"})
            assert await hints_of(scene, kind) == [f"order:{number_of(kind, order)}"]
            assert await source_runs.due(pool, [sources[kind].name]) == [sources[kind].name]
            assert await scene.facts(kind) == []
            shop.pay(
                order, now()
            )  # by the time it is fetched it is paid: the platform's word counts, not the message's
            gate.calls.clear()
            came = await scene.pull(sources[kind])
            # The order alone: the shop was asked for changes not long ago, and will be again when that is due.
            assert {call.method for call in gate.calls} <= {"order.orderDetail", "youzan.trade.get"}
            assert came.again_in is not None
            assert 3_000 < came.again_in.total_seconds() <= 3_600
            assert await scene.facts(kind) == expected(kind, [order])
            assert await hints_of(scene, kind) == []
            refund = shop.refund(order, 300, now())
            assert (await phone.push(kind, push_of(Notice("refunded", order, refund), gate))).status_code == 200
            assert await hints_of(scene, kind) == [f"refund:{refund.number}"]
            await scene.pull(sources[kind])
            assert await scene.amount(kind, "order.refunded") == 300


async def test_a_forged_message_is_refused_and_leaves_nothing(scene: Scene) -> None:
    """Another secret, a changed body, no signature at all."""
    for kind in ("douyin", "youzan"):
        scene.source(kind)
    order = scene.shop("douyin").place(a_basket(1), now())
    async with line_to(scene) as phone:
        good = douyin_push(Notice("paid", order), scene.gate("douyin"))
        also_good = youzan_push(Notice("paid", order), scene.gate("youzan"))
        forged = {
            "douyin": [
                Push(good.headers, good.body.replace(b"101", b"102")),
                Push(good.headers | {"event-sign": "0" * 32}, good.body),
                Push({"content-type": "application/json"}, good.body),
                Push(good.headers | {"app-id": "another"}, good.body),
                douyin_push(Notice("paid", order), scene.gate("youzan")),
            ],
            "youzan": [
                Push(also_good.headers, also_good.body + b" "),
                Push({"content-type": "application/json"}, also_good.body.replace(b'"sign"', b'"sigh"')),
                Push({"content-type": "application/json"}, b"[]"),
                Push(also_good.headers | {"event-sign": ""}, also_good.body),
            ],
        }
        for kind, pushes in forged.items():
            for push in pushes:
                assert (await phone.push(kind, push)).status_code == 403
            assert await hints_of(scene, kind) == []


async def test_a_message_signed_as_of_old_inside_its_body_counts_too(scene: Scene) -> None:
    """Over `msg` exactly as it was received."""
    scene.source("youzan", mapping=_AT_ONCE)
    order = scene.shop("youzan").place(a_basket(1), now())
    async with line_to(scene) as phone:
        push = youzan_push(Notice("closed", order), scene.gate("youzan"), in_header=False)
        assert (await phone.push("youzan", push)).status_code == 200
        assert await hints_of(scene, "youzan") == [f"order:{number_of('youzan', order)}"]


async def test_a_probe_and_what_koi_does_not_keep_are_answered_and_leave_no_hint(scene: Scene) -> None:
    """Tag 0 asks whether we are there; a message that cannot be read lies in the quarantine, answered all the same."""
    scene.source("douyin")
    gate = scene.gate("douyin")
    async with line_to(scene) as phone:
        for body in (b'[{"tag":"0","msg_id":"0","data":"probe"}]', b'[{"tag":"999","msg_id":"1","data":"{}"}]', b"[]"):
            answer = await phone.push("douyin", signed_for_douyin(body, gate))
            assert answer.json() == {"code": 0, "msg": "success"}
        odd = signed_for_douyin(b'[{"tag":"101","msg_id":"2","data":"{"}]', gate)
        assert (await phone.push("douyin", odd)).json() == {"code": 0, "msg": "success"}
    assert await hints_of(scene, "douyin") == []
    assert [reason for reason, _ in await scene.quarantined()] == ["body.malformed"]


async def test_what_youzan_tells_is_asked_for_half_a_minute_later(scene: Scene) -> None:
    """It is not there before; the source is due again by then."""
    source = scene.source("youzan")
    order = scene.shop("youzan").place(a_basket(1), now())
    async with line_to(scene) as phone:
        await phone.push("youzan", youzan_push(Notice("created", order), scene.gate("youzan")))
    came = await scene.pull(source)
    assert "youzan.trade.get" not in {call.method for call in scene.gate("youzan").calls}
    assert await hints_of(scene, "youzan") != []
    assert came.again_in is not None
    assert came.again_in.total_seconds() <= 30


async def test_messages_that_wait_at_taobao_are_taken_over_before_they_are_confirmed(scene: Scene) -> None:
    """TMC repeats what was not confirmed; an order that has meanwhile gone is no reason to stop."""
    shop, gate = scene.shop("taobao"), scene.gate("taobao")
    source = scene.source("taobao", messages=True)
    await scene.pull(source)
    order, gone = shop.place(a_basket(1), now()), shop.place(a_basket(2), now())
    shop.pay(order, now())
    del shop.orders[gone.number]
    gate.calls.clear()
    await scene.pull(source)
    methods = [call.method for call in gate.calls]
    consumed, confirmed = "taobao.tmc.messages.consume", "taobao.tmc.messages.confirm"
    assert methods.index(consumed) < methods.index(confirmed) < methods.index("taobao.trade.fullinfo.get")
    assert await scene.facts("taobao") == expected("taobao", [order])
    assert await hints_of(scene, "taobao") == [f"order:{gone.number}"]  # for ten minutes: it may only be late
    gate.calls.clear()
    await scene.pull(source)
    assert confirmed not in {call.method for call in gate.calls}


@pytest.mark.parametrize("kind", ["douyin", "youzan"])
async def test_another_secret_in_the_address_is_nobodys(scene: Scene, kind: str) -> None:
    """As if there were nothing."""
    scene.source(kind)
    with serving(scene.means.settings, scene.means.secrets) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as client:
            assert (
                await client.post(f"/hooks/{name_of(kind)}/nobody-knows-this-one", content=b"{}")
            ).status_code == 404
