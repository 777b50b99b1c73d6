"""First members asked of batch: who is in, and what changes from then on, is what a walk through everybody finds."""

from datetime import datetime, timedelta
from random import Random

from domain.activity.activity import Activity
from domain.kernel.rules.judging import holds
from projections.identity_graph import queries as identity_graph
from projections.lake.projector import lake_at
from tests.projections.following import following
from tests.workers.segmenting.test_brute_force import some_rules
from tests.workers.segmenting.watched_shop import Told, WatchedShop, defined
from workers.segmenting.knowing import Histories, knowing

_HOUR = timedelta(hours=1)
_PEOPLE = 12
_NAMES = ("order.completed", "product.viewed", "cart.item_added")


async def test_what_is_filled_goes_on_as_what_was_walked_for(shop: WatchedShop) -> None:
    """The same rules live since the beginning and filled later: the same people, and the same changes afterwards."""
    random = Random(5)  # noqa: S311 - a test's history
    rules = some_rules()
    walked = [defined(key, rule) for key, rule in rules.items()]
    await shop.define(*walked)
    async with following(shop.settings.database_url, lake_at(shop.settings.lake_url, shop.settings.database_url)):
        await _live(shop, random, 80)
        shop.ask_batch()
        await shop.define(*walked, *(defined(f"filled_{key}", rule) for key, rule in rules.items()))
    begun = shop.now
    assert shop.walked_for() == {"filled_calm"}
    for key in rules:
        assert await shop.people_in(f"filled_{key}") == await shop.people_in(key), key
    await _live(shop, random, 10)
    await shop.move_to(shop.now + 10 * 24 * _HOUR)
    told = [one for one in await shop.told() if one.at > begun]
    assert len(told) > 50
    assert _of(told, filled=True) == _of(told, filled=False)


async def test_who_does_something_while_batch_is_asked_is_judged_by_herself(shop: WatchedShop) -> None:
    """Before the answer is taken over people buy, are new, become one, part: then everybody is where she belongs."""
    random = Random(7)  # noqa: S311 - a test's history
    rules = some_rules()
    async with following(shop.settings.database_url, lake_at(shop.settings.lake_url, shop.settings.database_url)):
        await shop.define()
        await _live(shop, random, 40)
        await shop.merge("M0", "M1")
        await shop.merge("M2", "M3")
        shop.ask_batch()
        shop.definitions = [defined(key, rule) for key, rule in rules.items()]
        await shop.restart()
        assert shop.work is not None
        while shop.work.filling is None:
            await shop.work.step()
        await shop.work.filling.answered()
        for member in ("M4", "M5", "new"):
            shop.now += _HOUR
            await shop.happens(_did(shop, member, random, "order.completed"), settle=False)
        await shop.merge("M6", "M7")
        await shop.unmerge("M2", "M3")
        await shop.settle()
    assert shop.walked_for() == {"calm"}
    await _is_true_of_everybody(shop)
    await shop.move_to(shop.now + 3 * 24 * _HOUR)
    await _is_true_of_everybody(shop)


async def test_lost_members_are_found_again_by_themselves(shop: WatchedShop) -> None:
    """The bitmaps are gone: a worker that begins asks batch for all of them, and tells nobody."""
    rules = some_rules()
    async with following(shop.settings.database_url, lake_at(shop.settings.lake_url, shop.settings.database_url)):
        await shop.define(*(defined(key, rule) for key, rule in rules.items()))
        await _live(shop, Random(9), 40)  # noqa: S311 - a test's history
        before, told = {key: await shop.people_in(key) for key in rules}, await shop.told()
        assert any(before.values())
        await shop.store.pool.execute("DELETE FROM segmenting.member")
        await shop.store.pool.execute("DELETE FROM segmenting.due")
        shop.ask_batch()
        await shop.restart()
        await shop.settle()
    assert shop.walked_for() == {"calm"}
    assert {key: await shop.people_in(key) for key in rules} == before
    assert await shop.told() == told
    await shop.move_to(shop.now + 3 * 24 * _HOUR)
    await _is_true_of_everybody(shop)


async def _live(shop: WatchedShop, random: Random, events: int) -> None:
    for _ in range(events):
        shop.now += random.random() * 2 * _HOUR
        await shop.happens(_did(shop, f"M{random.randrange(_PEOPLE)}", random, random.choice(_NAMES)), settle=False)
    await shop.settle()


def _did(shop: WatchedShop, member: str, random: Random, name: str) -> Activity:
    amount = random.randrange(1_000, 20_000) if name == "order.completed" else None
    properties = {"colour": random.choice(["red", "blue"])}
    return shop.did(member, name, properties=properties, amount=amount, currency="CNY" if amount else None)


def _of(told: list[Told], *, filled: bool) -> list[tuple[str, str, datetime, str]]:
    chosen = (one for one in told if one.segment.startswith("filled_") is filled)
    return sorted((one.member, one.segment.removeprefix("filled_"), one.at, one.name) for one in chosen)


async def _is_true_of_everybody(shop: WatchedShop) -> None:
    world = knowing(shop.settings)
    profiles = {one.profile_id: one.members for one in await identity_graph.profiles(shop.store.pool)}
    histories = await Histories(shop.store.pool, shop.settings).histories(profiles, None)
    for definition in shop.definitions:
        true = {str(one) for one, history in histories.items() if holds(definition.rule, history, shop.now, world)}
        assert await shop.people_in(definition.key) == true, definition.key
