"""Builds beside each other, and what they keep out: texts that are nearly everybody's own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.tree import Last, Measure, Value
from domain.kernel.rules.world import World
from domain.tags.errors import TooManyValuesError
from domain.tags.shipped import shipped
from projections.batch.building import build_tags
from projections.batch.columns import Definitions
from projections.batch.lakehouse import Lakehouse
from projections.batch.narrowing import narrowed
from projections.batch.writing import builds, keep
from projections.lake.store import UrlStore
from projections.tag_catalogue.checking import CheckedTag
from projections.tag_catalogue.counting import distribution
from projections.tag_catalogue.manifests import Build, built
from projections.tag_catalogue.nights import between, pair_of
from projections.tag_catalogue.revised import NoCatalogueError, catalogue_of, kept
from tests.projections.batch.synthetic import lakehouse_of

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
NIGHT = timedelta(days=1)
ORDERS = Measure(events=("order.completed",), within=Last(amount=30))
CHANNEL = Measure(events=("order.completed",), take="last", field="channel")
ORDER = Measure(events=("order.completed",), take="last", field="order_id")
VALUES: dict[str, Value] = {"orders": ORDERS, "channel": CHANNEL, "last_order": ORDER}
DEFINITIONS = Definitions(VALUES, {"orders": "number", "channel": "text", "last_order": "text"})


def people(*, also: int = 0, later: bool = False) -> Lakehouse:
    """Twenty people with an order of their own each; `later` the first five bought once more, in the app."""
    found = {}
    for number in range(20 + also):
        key = f"{number % 16:x}{number:07}-0000-4000-8000-000000000000"
        orders = [_order(number, 3, "store")] if number % 4 else []
        orders += [_order(number + 100, 0, "app")] if later and number < 5 else []
        found[key] = History(profile_id=key, events=tuple(orders))
    everybody = lakehouse_of(found, World(zone=ZoneInfo("Asia/Shanghai")))
    return msgspec.structs.replace(everybody, digits=int(later))  # one part beside sixteen


def _order(number: int, days: int, channel: str) -> Occurrence:
    fields = {"channel": channel, "order_id": f"A{number}"}
    return Occurrence(NOW - NIGHT * days, number + 1, "order.completed", fields)


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """Where the builds lie."""
    return tmp_path.as_uri()


async def two_nights(lake: str) -> tuple[Build, Build]:
    """A build of yesterday, and one of today with five orders and two people more."""
    store = UrlStore(lake)
    await build_tags(people(), DEFINITIONS, NOW - NIGHT, store)
    await build_tags(people(also=2, later=True), DEFINITIONS, NOW, store)
    return pair_of(await built(lake), None, None)


async def test_two_builds_tell_which_tags_changed_for_whom(lake: str) -> None:
    """How many, in which direction, from what to what; who came is told apart."""
    found = await between(lake, await two_nights(lake))
    assert (found.people, found.arrived, found.gone, found.added, found.removed) == (20, 2, 0, [], [])
    changes = {one.key: one for one in found.tags}
    orders = changes["orders"]
    assert (orders.changed, orders.rose, orders.fell, orders.appeared) == (5, 5, 0, 0)
    assert [(one.before, one.after, one.people) for one in orders.moves] == [(1, 2, 3), (0, 1, 2)]
    channel = changes["channel"]
    assert (channel.changed, channel.appeared, channel.vanished, channel.rose) == (5, 2, 0, 0)
    assert [(one.before, one.after, one.people) for one in channel.moves] == [("store", "app", 3), (None, "app", 2)]
    alone = await between(lake, await two_nights(lake), ["orders"])
    assert [one.key for one in alone.tags] == ["orders"]


def test_builds_are_chosen_by_instants_and_there_must_be_two() -> None:
    """The last ones at or before; the problem says which there are."""
    yesterday, today = (Build(at, "c", {}, ()) for at in (NOW - NIGHT, NOW))
    found = [today, yesterday]
    assert pair_of(found, NOW - timedelta(hours=1), None) == (yesterday, today)
    with pytest.raises(InvalidInputError, match=f"{NOW:%FT%TZ}"):
        pair_of(found, None, NOW - timedelta(hours=1))
    with pytest.raises(InvalidInputError, match="none"):
        pair_of([], None, None)


async def test_a_tag_of_too_many_values_is_kept_out_with_the_reason_and_the_others_are_built(lake: str) -> None:
    """The manifest says so, and nobody reads its column."""
    store = UrlStore(lake)
    built = await build_tags(people(), DEFINITIONS, NOW, store)
    found = narrowed(store, built, VALUES, 10)
    keep(store, found)
    (manifest,) = builds(store)
    assert set(manifest.kinds) == {"orders", "channel"}
    assert "order_id has more than 10 different values among 20 people" in manifest.refused["last_order"]
    assert narrowed(store, manifest, VALUES, 10) == manifest
    assert narrowed(store, built, VALUES, 15) == built


async def test_a_try_of_too_many_values_is_refused_and_others_are_counted_exactly() -> None:
    """Numbers may be as many as they like."""
    wide, orders = (CheckedTag(value=one, resolved=one, warnings=()) for one in (ORDER, ORDERS))
    with pytest.raises(TooManyValuesError, match=r"value\.field: order_id has more than 10"):
        await distribution(people(), wide, "text", NOW, most=10)
    some = await distribution(people(), wide, "text", NOW, most=15, sample=3)
    assert (some.distinct, some.covered, len(some.sample)) == (15, 15, 3)
    numbers = await distribution(people(later=True), orders, "number", NOW, most=1, sample=3)
    assert [(one.value, one.people) for one in numbers.values] == [(1, 14), (0, 3), (2, 3)]


async def test_the_catalogue_of_a_build_is_kept_beside_it(lake: str) -> None:
    """So that after an upgrade one can see what is another."""
    store = UrlStore(lake)
    with pytest.raises(NoCatalogueError):
        await catalogue_of(lake, await built(lake), None)
    manifest = await build_tags(people(), DEFINITIONS, NOW, store)
    await kept(store, manifest.catalogue, shipped().tags)
    assert await catalogue_of(lake, await built(lake), None) == dict(shipped().tags)
