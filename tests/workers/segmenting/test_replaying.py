"""People who were put aside: once the cause is repaired they are judged after all, each change at its own instant."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.kernel.rules.history import History
from domain.kernel.rules.parts.moment import Person
from domain.kernel.rules.tree import Attribute, Compare
from projections.engine.replaying import Replayed
from tests.workers.segmenting.watched_shop import NOON, WatchedShop, bought, customer_of, defined
from workers.segmenting.watching import Watch

DAY = timedelta(days=1)


def _stumbling(over: set[str]) -> Callable[[Watch, History], Person]:
    laid_out = Watch.person

    def person(watch: Watch, history: History) -> Person:
        if history.profile_id in over:
            raise ArithmeticError
        return laid_out(watch, history)

    return person


async def test_who_was_put_aside_is_judged_after_all(shop: WatchedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """She bought twice and it ran out meanwhile: all of it is told, as it would have been; who fails again stays."""
    in_hangzhou = Compare(left=Attribute(name="city"), right="杭州")
    await shop.define(defined("buyers", bought()), defined("near", in_hangzhou))
    sick = {str(customer_of("M1")), str(customer_of("M2"))}
    monkeypatch.setattr(Watch, "person", _stumbling(sick))
    await shop.happens(shop.did("M0", "order.completed"), *(shop.did(f"M{n}", "order.completed") for n in (1, 2)))
    shop.now = NOON + DAY
    await shop.happens(shop.did("M1", "profile.updated", traits={"city": "杭州"}))
    shop.now = NOON + 10 * DAY
    await shop.happens(shop.did("M1", "order.completed"))
    await shop.move_to(NOON + 12 * DAY)
    assert {one.member for one in await shop.told()} == {"M0"}
    sick.discard(str(customer_of("M1")))
    assert shop.work is not None
    assert await shop.work.replay(shop.store) == Replayed(cleared=1, remaining=1)
    await shop.settle()
    told = [(one.segment, one.name, (one.at - NOON) / DAY) for one in await shop.told() if one.member == "M1"]
    expected = [("buyers", "entered", 0), ("near", "entered", 1), ("buyers", "left", 7), ("buyers", "entered", 10)]
    assert sorted(told, key=lambda one: one[2]) == expected
    await shop.move_to(NOON + 20 * DAY)
    assert (await shop.told())[-1].at == NOON + 17 * DAY
    open_ = await shop.store.pool.fetch("SELECT DISTINCT stream_id FROM dead_letter WHERE replayed_at IS NULL")
    assert [row["stream_id"] for row in open_] == [customer_of("M2")]
    assert await shop.work.replay(shop.store) == Replayed(cleared=0, remaining=1)


async def test_a_second_replay_tells_nothing_twice(shop: WatchedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """She did something new before the replay, and was judged by it: what was told stands, once."""
    await shop.define(defined("buyers", bought()))
    monkeypatch.setattr(Watch, "person", _stumbling({str(customer_of("M1"))}))
    await shop.happens(shop.did("M1", "order.completed"))
    monkeypatch.undo()
    shop.now = NOON + DAY
    await shop.happens(shop.did("M1", "order.completed"))
    assert shop.work is not None
    for cleared in (1, 0):
        assert await shop.work.replay(shop.store) == Replayed(cleared=cleared, remaining=0)
    await shop.move_to(NOON + 9 * DAY)
    assert [one.name for one in await shop.told()] == ["entered", "left"]
