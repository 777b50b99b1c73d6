"""Random rules over random histories: what is told is what a judge finds who looks at every instant anew."""

from datetime import datetime, timedelta
from random import Random

import pytest

from domain.kernel.rules.changing import timeline
from domain.kernel.rules.tree import All, AnyOf, Compare, Field, HasBeen, Last, Measure, Not, Rule, Sequence, Step
from projections.identity_graph import queries as identity_graph
from tests.workers.segmenting.watched_shop import NOON, Told, WatchedShop, bought, customer_of, defined
from workers.segmenting.knowing import Histories, knowing

HOUR = timedelta(hours=1)
_NAMES = ("order.completed", "product.viewed", "cart.item_added")
_PEOPLE = 6


def some_rules() -> dict[str, Rule]:
    """Counts, sums, recency, sequences, what has been so for long, and mixtures of them."""
    spent = Measure(events=("order.completed",), take="sum", field="amount", within=Last(amount=3))
    viewed = Measure(
        events=("product.viewed",),
        where=Compare(left=Field(name="properties.colour"), right="red"),
        within=Last(amount=36, unit="hour"),
    )
    left_cart = Sequence(
        steps=(Step(events=("cart.item_added",)),),
        within=Last(amount=5),
        unless=Step(events=("order.completed",), limit_seconds=7_200),
    )
    since = Measure(events=("order.completed",), take="days_since_last")
    return {
        "week": bought(days=7),
        "often": bought(days=4, at_least=3),
        "spender": Compare(left=spent, op="gte", right=30_000),
        "red": All(of=(Compare(left=viewed, op="gte", right=2), Not(of=bought(days=1)))),
        "cart": left_cart,
        "lapsed": Compare(left=since, op="between", right=(2, 5)),
        "calm": HasBeen(rule=Not(of=bought(days=2)), amount=1),
        "either": AnyOf(of=(bought(days=2, at_least=2), Compare(left=viewed, op="gte", right=4))),
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_change_is_told_at_its_instant_once(shop: WatchedShop, seed: int) -> None:
    """Events in order, in pages of any size, with restarts in between: the timeline of a brute-force judge."""
    random = Random(seed)  # noqa: S311 - a test's history
    rules = some_rules()
    await shop.define(*(defined(key, rule) for key, rule in rules.items()))
    shop.now = NOON
    for _ in range(60):
        for _ in range(random.randrange(1, 6)):
            shop.now += random.random() * 4 * HOUR
            properties = {"colour": random.choice(["red", "blue"])}
            member, name = f"M{random.randrange(_PEOPLE)}", random.choice(_NAMES)
            amount = random.randrange(1_000, 20_000) if name == "order.completed" else None
            did = shop.did(member, name, properties=properties, amount=amount, currency="CNY" if amount else None)
            await shop.happens(did, settle=False)
        if random.random() < 0.2:
            await shop.restart()
        if random.random() < 0.7:
            await shop.settle()
    await shop.move_to(shop.now + 10 * 24 * HOUR)
    told = await shop.told()
    assert len({(one.at, one.member, one.name, one.segment) for one in told}) == len(told)
    assert _turns(told) == await _expected(shop, rules, shop.now)


def _turns(told: list[Told]) -> list[tuple[str, str, datetime, str]]:
    return sorted((one.member, one.segment, one.at, one.name) for one in told)


async def _expected(shop: WatchedShop, rules: dict[str, Rule], until: datetime) -> list[tuple[str, str, datetime, str]]:
    world, members = knowing(shop.settings), {customer_of(f"M{n}"): f"M{n}" for n in range(_PEOPLE)}
    profiles = await identity_graph.profiles(shop.store.pool)
    histories = await Histories(shop.store.pool, shop.settings).histories(
        {one.profile_id: one.members for one in profiles}, None
    )
    found = []
    for profile_id, history in histories.items():
        first = history.events[0].occurred_at
        for key, rule in rules.items():
            for held in timeline(rule, history, first, until + timedelta(microseconds=1), world):
                found.append((members[profile_id], key, held.since, "entered"))
                if held.until <= until:
                    found.append((members[profile_id], key, held.until, "left"))
    return sorted(found)
