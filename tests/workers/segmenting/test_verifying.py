"""Live members beside batch: nothing differs where all is well, and what does is found, told and put right."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from pyroaring import BitMap

from domain.kernel.rules.tree import Rule
from projections.lake.projector import lake_at
from tests.projections.following import following
from tests.workers.segmenting.watched_shop import EVERYBODY, NOON, WatchedShop, bought, customer_of, defined
from workers.segmenting.verifying import Verified, verify

DAY = timedelta(days=1)
_RULES: dict[str, Rule] = {"buyers": bought(), "often": bought(days=30, at_least=2), "all": EVERYBODY}


@pytest.fixture
async def busy(shop: WatchedShop) -> AsyncIterator[WatchedShop]:
    """A shop with live segments and three buyers, one of whom bought twice."""
    async with following(shop.settings.database_url, lake_at(shop.settings.lake_url, shop.settings.database_url)):
        await shop.define(*(defined(key, rule) for key, rule in _RULES.items()))
        await shop.happens(*(shop.did(member, "order.completed") for member in ("M1", "M1", "M2", "M3")))
        await shop.come_to_the_end()
        yield shop


async def _verified(shop: WatchedShop, *, repair: bool = False) -> dict[str, Verified]:
    found = await verify(shop.store, shop.settings, _RULES, repair=repair, at=lambda: shop.now)
    return {one.key: one for one in found}


@asynccontextmanager
async def _members(shop: WatchedShop, key: str) -> AsyncIterator[BitMap]:
    """Let what is stored be changed by a fault."""
    pool = shop.store.pool
    numbers = BitMap.deserialize(await pool.fetchval("SELECT numbers FROM segmenting.member WHERE key = $1", key))
    yield numbers
    await pool.execute("UPDATE segmenting.member SET numbers = $2 WHERE key = $1", key, numbers.serialize())
    await shop.restart()


async def _number(shop: WatchedShop, member: str) -> int:
    query = "SELECT number FROM segmenting.person WHERE customer_id = $1"
    return int(await shop.store.pool.fetchval(query, customer_of(member)))


async def test_nothing_differs_where_all_is_well(busy: WatchedShop) -> None:
    """Also while a window is moving on and an order is on its way: nobody is taken for a fault."""
    found = await _verified(busy)
    assert {key: one.members for key, one in found.items()} == {"buyers": 3, "often": 1, "all": 3}
    assert all(one.is_right for one in found.values())
    busy.now = NOON + 7 * DAY
    assert all(one.is_right for one in (await _verified(busy)).values())
    await busy.come_to_the_end()
    found = await _verified(busy)
    assert found["buyers"].members == 0
    assert all(one.is_right for one in found.values())


async def test_what_differs_is_found_told_and_put_right(busy: WatchedShop) -> None:
    """One who is in was lost, one who is not came in: both are named, and the repair tells what it changes."""
    async with _members(busy, "often") as often:
        often.add(await _number(busy, "M2"))
    async with _members(busy, "buyers") as buyers:
        buyers.discard(await _number(busy, "M3"))
    told = len(await busy.told())
    found = await _verified(busy)
    assert (found["often"].missing, found["often"].surplus, found["often"].sample) == (0, 1, [customer_of("M2")])
    assert (found["buyers"].missing, found["buyers"].surplus, found["buyers"].sample) == (1, 0, [customer_of("M3")])
    assert found["all"].is_right
    kept = await busy.store.pool.fetch("SELECT key, missing, surplus FROM segmenting.verified ORDER BY key")
    assert [tuple(row) for row in kept] == [("all", 0, 0), ("buyers", 1, 0), ("often", 0, 1)]
    busy.now += DAY
    await _verified(busy, repair=True)
    await busy.restart()
    await busy.come_to_the_end()
    assert all(one.is_right for one in (await _verified(busy)).values())
    new = [(one.member, one.name, one.segment, one.at - NOON) for one in (await busy.told())[told:]]
    assert sorted(new) == [("M2", "left", "often", DAY), ("M3", "entered", "buyers", DAY)]


async def test_members_of_whom_nobody_knows_are_surplus(busy: WatchedShop) -> None:
    """A number that belongs to no profile any more."""
    gone = UUID(int=7)
    await busy.store.pool.execute("INSERT INTO segmenting.person VALUES ($1, 77, $1)", gone)
    async with _members(busy, "often") as often:
        often.add(77)
    found = await _verified(busy)
    assert (found["often"].surplus, found["often"].sample) == (1, [gone])
