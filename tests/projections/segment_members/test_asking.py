"""Everybody asked at once says what is true of each: counts, samples, sizes of the past, and who is in both."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.kernel.rules.history import History
from domain.kernel.rules.judging import holds
from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.tree import All, Case, Compare, Constant, Last, Measure, Not, Rule, Tag, When
from domain.kernel.rules.world import World
from projections.batch.building import build_tags
from projections.batch.columns import Definitions as ToBuild
from projections.lake.store import UrlStore
from projections.segment_members import asking
from projections.segment_members.quick import Quick
from tests.domain.kernel.rules.strategies import TOLD, histories, instants
from tests.projections.batch.synthetic import lakehouse_of

WORLD = World(zone=ZoneInfo("Asia/Shanghai"), told=frozenset({TOLD}))
ANYTHING = Measure(within=Last(amount=30))
ACTIVE: Rule = Compare(left=ANYTHING, op="gte", right=1)
OFTEN: Rule = Compare(left=ANYTHING, op="gte", right=3)
RULES: Mapping[str, Rule] = {"active": ACTIVE, "often": OFTEN, "rarely": All(of=(ACTIVE, Not(of=OFTEN)))}


def crowd(drawn: list[History]) -> dict[str, History]:
    """People whose ids lie in all parts."""
    found = {}
    for number, history in enumerate(drawn):
        key = f"{number % 16:x}{number:07x}-0000-4000-8000-000000000000"
        found[key] = msgspec.structs.replace(history, profile_id=key)
    return found


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(histories(), min_size=1, max_size=6), instants())
def test_a_segment_has_the_history_that_each_of_its_people_had(drawn: list[History], now: datetime) -> None:
    """At every instant of the past the size is the number of those of whom the rule held: no later word is seen."""
    people = crowd(drawn)
    at = [now - timedelta(days=days) for days in (0, 7, 29, 30, 31, 90)]

    async def ask() -> list[asking.Size]:
        return await asking.sizes(lakehouse_of(people, WORLD), ACTIVE, at)

    expected = {one: sum(holds(ACTIVE, history, one, WORLD) for history in people.values()) for one in at}
    assert {size.at: size.count for size in asyncio.run(ask())} == expected


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(histories(), min_size=1, max_size=6), instants())
def test_counts_samples_members_and_overlaps_agree(drawn: list[History], now: datetime) -> None:
    """The same people, however they are asked for."""
    people = crowd(drawn)
    inside = {
        key: sorted(one for one, history in people.items() if holds(rule, history, now, WORLD))
        for key, rule in RULES.items()
    }

    async def ask() -> None:
        lakehouse = lakehouse_of(people, WORLD)
        found = await asking.count(lakehouse, ACTIVE, now, sample=100)
        assert (found.count, found.people, sorted(found.sample)) == (
            len(inside["active"]),
            len(people),
            inside["active"],
        )
        fewer = await asking.count(lakehouse, ACTIVE, now, sample=2)
        assert fewer.sample == found.sample[:2]
        after = inside["active"][0] if inside["active"] else ""
        listed = [one async for part in asking.members(lakehouse, ACTIVE, now, after=after) for one in part]
        assert listed == inside["active"][1:]
        compared = await asking.overlap(lakehouse, RULES, now)
        for (i, one), (j, other) in product(enumerate(RULES), repeat=2):
            assert compared.counts[i][j] == len({*inside[one]} & {*inside[other]})

    asyncio.run(ask())


async def test_a_rule_over_tags_is_counted_from_the_last_build(tmp_path: Path) -> None:
    """By what was built, segments opened; what no build says is left to a walk through everybody."""
    people = crowd([History(profile_id="") for _ in range(20)])
    tags = {"first": Case(cases=(When(rule=OFTEN, then=Constant(value=True)),), otherwise=Constant(value=False))}
    quick = Quick(tmp_path.as_uri())
    never = Compare(left=Tag(key="first"), right=False)
    definitions = Definitions(tags=tags, segments={"calm": never})
    assert await quick.count(never, definitions) is None

    now = datetime(2026, 11, 26, tzinfo=UTC)
    await build_tags(lakehouse_of(people, WORLD), ToBuild(tags, {"first": "flag"}), now, UrlStore(tmp_path.as_uri()))
    quick = Quick(tmp_path.as_uri())
    found = await quick.count(Not(of=never), definitions)
    assert found
    assert (found.at, found.count, found.people) == (now, 0, 20)
    assert await quick.count(ACTIVE, definitions) is None

    anew = Definitions(tags={"first": Constant(value=True)}, segments={"calm": never})
    assert await quick.count(Not(of=never), anew) is None
