"""All tags that come with Koi, in batch: each is what the live judge says it is."""

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import Value
from domain.tags.shipped import shipped
from projections.batch.running import parts_of
from projections.batch.tagging import kind_of
from tests.domain.kernel.rules.strategies import NOON, histories
from tests.projections.batch.synthetic import lakehouse_of
from tests.projections.batch.test_agreement import WORLD, is_alike, people_of


async def test_every_shipped_tag_is_the_same_in_batch_and_live() -> None:
    """In one query, of people made up at random."""
    drawn: list[History] = []

    @seed(11)
    @settings(max_examples=2, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(histories(), min_size=20, max_size=30))
    def draw(some: list[History]) -> None:
        drawn.extend(some)

    draw()
    people = people_of(drawn)
    tags = shipped().tags
    definitions = Definitions(tags={key: one.value for key, one in tags.items()}, segments={})
    values: dict[str, Value] = {key: resolve(one.value, definitions) for key, one in tags.items()}
    kinds = {key: kind_of(one.type) for key, one in tags.items()}
    plan = Plan({}, values)
    parts = parts_of(lakehouse_of(people, WORLD), NOON, values=values, kinds=kinds, only=["a"])
    found = {row["profile_id"]: row async for part in parts for row in part.table.to_pylist()}
    wrong = []
    for key, history in people.items():
        moment = plan.person(history, WORLD).at(NOON)
        wrong += [
            (name, live, found[key][name])
            for name in values
            if not is_alike(live := plan.value_of(name, moment), found[key][name])
        ]
    assert not wrong
