"""A build of tags: files that are written once, a run that goes on where it ended, and rules over what was built."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.tree import All, Compare, Last, Measure, Not, Rule, Tag
from domain.kernel.rules.world import World
from projections.batch.building import build_tags
from projections.batch.built import BuiltTags
from projections.batch.columns import Definitions
from projections.batch.lakehouse import Lakehouse
from projections.batch.loading import DuckEngine
from projections.batch.running import count
from projections.batch.writing import Manifest, builds
from projections.lake.store import UrlStore
from tests.projections.batch.synthetic import lakehouse_of

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
ORDERS = Measure(events=("order.completed",), within=Last(amount=30))
SPENT = Measure(events=("order.completed",), take="sum", field="amount")
CHANNEL = Measure(events=("order.completed",), take="last", field="channel")
DEFINITIONS = Definitions(
    {"orders": ORDERS, "spent": SPENT, "channel": CHANNEL}, {"orders": "number", "spent": "number", "channel": "text"}
)
OFTEN: Rule = All(
    of=(
        Compare(left=Tag(key="orders"), op="gte", right=2),
        Not(of=Compare(left=Tag(key="channel"), op="eq", right="store")),
    )
)


@pytest.fixture
def lakehouse() -> Lakehouse:
    """Thirty-two people, two in each part: the later ones bought more often."""
    people = {}
    for number in range(32):
        key = f"{number % 16:x}000000{number // 16}-0000-4000-8000-000000000000"
        channel = "store" if number % 3 == 0 else "app"
        events = tuple(
            Occurrence(NOW - timedelta(days=day), day + 1, "order.completed", {"amount": 100, "channel": channel})
            for day in reversed(range(number % 5))
        )
        people[key] = History(profile_id=key, events=events)
    return lakehouse_of(people, World(zone=ZoneInfo("Asia/Shanghai")))


class Dying(DuckEngine):
    """An engine that gives up after some parts."""

    loaded = 0

    def load(self, part: str) -> Any:
        """Load a part, or die."""
        Dying.loaded += 1
        if Dying.loaded > 5:
            raise ConnectionError("the machine went away")
        return super().load(part)


async def test_a_run_goes_on_with_the_parts_that_are_missing(lakehouse: Lakehouse, tmp_path: Path) -> None:
    """What was built stays as it is, and nothing is seen of a build before it is whole."""
    store = UrlStore(tmp_path.as_uri())
    Dying.loaded = 0
    with pytest.raises(ConnectionError):
        await build_tags(lakehouse, DEFINITIONS, NOW, store, engines=Dying)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("part=*.parquet")}
    assert len(written) == 5
    assert builds(store) == []
    seen: list[int] = []
    manifest = await build_tags(lakehouse, DEFINITIONS, NOW, store, watch=lambda done, _: seen.append(done))
    assert seen == list(range(5, 17))
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert manifest.rows == 32
    assert builds(store) == [manifest]
    assert await build_tags(lakehouse, DEFINITIONS, NOW, store, engines=Dying) == manifest


async def test_rules_over_tags_are_counted_from_the_build(lakehouse: Lakehouse, tmp_path: Path) -> None:
    """They say what the rules with their measures say."""
    store = UrlStore(tmp_path.as_uri())
    manifest: Manifest = await build_tags(lakehouse, DEFINITIONS, NOW, store)
    built = BuiltTags.of(store, manifest)
    plain = All(
        of=(
            Compare(left=ORDERS, op="gte", right=2),
            Not(of=Compare(left=CHANNEL, op="eq", right="store")),
        )
    )
    assert built.knows(OFTEN)
    assert not built.knows(plain)
    expected = await count(lakehouse, plain, NOW)
    assert 0 < built.count(OFTEN) == built.members(OFTEN).num_rows == expected < 32
    built.close()
