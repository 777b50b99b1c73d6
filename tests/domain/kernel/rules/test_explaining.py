"""Explaining: why somebody is in a segment, where a tag comes from, down to the facts."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings

from domain.kernel.rules import tree
from domain.kernel.rules.explaining import Explainer, explain
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.judging import holds, value_of
from domain.kernel.rules.reasons import Reason, Said
from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.tree import Compare, Last, Measure, Rule, Value
from domain.kernel.rules.world import World
from tests.domain.kernel.rules.strategies import LISTS, NOON, TOLD, histories, rules, values

WORLD = World(zone=ZoneInfo("Asia/Shanghai"), told=frozenset({TOLD}))
DAY = timedelta(days=1)


def order(days_before: float, fact_id: int, amount: int) -> Occurrence:
    """An order so many days before noon, in fen."""
    return Occurrence(NOON - days_before * DAY, fact_id, "order.completed", {"amount": amount})


LI = History(
    profile_id="p",
    events=[order(50, 1, 9_900), order(20, 2, 500), order(3, 3, 10_000), order(1, 4, 800)],
    attributes={"city": [Word(NOON - 9 * DAY, "杭州")], "sex": [Word(NOON - 9 * DAY, "female")]},
    inferred={"sex": [Word(NOON - 9 * DAY, "name_title_sex")]},
    tags={("crm", "level", "gold"): [Word(NOON - 5 * DAY, value=True)]},
)
SPENT = Measure(events=("order.completed",), within=Last(amount=30), take="sum", field="amount")


def test_a_segment_is_explained_by_tags_facts_and_words() -> None:
    """The tag is opened; the facts that count come newest first, the older order does not."""
    rule = tree.All(
        of=(
            Compare(left=tree.Tag(key="spent_30d"), op="gte", right=10_000),
            Compare(left=tree.Attribute(name="sex"), right="female"),
            tree.Tagged(key="level"),
        )
    )
    found = explain(rule, LI, NOON, WORLD, definitions=Definitions(tags={"spent_30d": SPENT}))
    assert found.holds
    spent, sex, level = found.parts
    assert [spent.holds, sex.holds, level.holds] == [True, True, True]
    tag = spent.parts[0]
    assert (tag.place, tag.value) == ("of.0.left", 11_300)
    opened = tag.parts[0]
    assert (opened.place, opened.node, opened.value, opened.total) == ("of.0.left.definition", SPENT, 11_300, 3)
    assert [one.fact_id for one in opened.facts] == [4, 3, 2]
    assert sex.parts[0].said == (Said(about="sex", since=NOON - 9 * DAY, value="female", inferred_by="name_title_sex"),)
    assert level.said == (Said(about="crm: level", since=NOON - 5 * DAY, value="gold"),)


def test_few_facts_are_shown_of_many() -> None:
    """With how many there are."""
    found = explain(Measure(), LI, NOON, WORLD, shown=2)
    assert (found.value, found.total, [one.fact_id for one in found.facts]) == (4, 4, [4, 3])


def test_what_decides_is_shown_alone() -> None:
    """The highest amount is one order, the days since the last one another."""
    highest = explain(Measure(take="max", field="amount"), LI, NOON, WORLD)
    assert [one.fact_id for one in highest.facts] == [3]
    last = explain(Measure(take="days_since_last"), LI, NOON, WORLD)
    assert [one.fact_id for one in last.facts] == [4]


def test_a_sequence_shows_the_steps_that_were_taken() -> None:
    """The latest way that counts: the cart that nothing followed, not the one that was bought."""
    carted = [Occurrence(NOON - days * DAY, number, "cart.item_added", {}) for days, number in ((5, 7), (4, 8))]
    history = History(profile_id="p", events=sorted([*carted, order(3.9, 9, 1)], key=lambda one: one.occurred_at))
    rule = tree.Sequence(
        steps=(tree.Step(events=("cart.item_added",)),),
        unless=tree.Step(events=("order.completed",), limit_seconds=86_400),
    )
    found = explain(rule, history, NOON, WORLD)
    assert (found.holds, [one.fact_id for one in found.facts]) == (True, [7])
    bought = tree.Sequence(steps=(tree.Step(events=("cart.item_added",)), tree.Step(events=("order.completed",))))
    assert [one.fact_id for one in explain(bought, history, NOON, WORLD).facts] == [9, 8]


def test_what_was_so_is_explained_as_it_was() -> None:
    """At the instant that is meant."""
    rule = tree.AsOf(rule=Compare(left=SPENT, op="gte", right=1), amount=30)
    found = explain(rule, LI, NOON, WORLD)
    inner = found.parts[0]
    assert (inner.at, inner.parts[0].value) == (NOON - 30 * DAY, 9_900)


def parts_of(reason: Reason) -> list[Reason]:
    """Return all parts, the whole first."""
    return [reason, *(inner for part in reason.parts for inner in parts_of(part))]


@given(rules(depth=2), values(), histories())
@settings(max_examples=80)
def test_reasons_say_what_the_judge_says(rule: Rule, value: Value, history: History) -> None:
    """Of the whole and of each part; a person who did what is counted shows as many facts as were counted."""
    lists = Definitions(segments=dict.fromkeys(LISTS))
    explained = explain(rule, history, NOON, WORLD, definitions=lists)
    assert explained.holds == holds(rule, history, NOON, WORLD)
    assert Explainer(value, lists).explain(history, NOON, WORLD).value == value_of(value, history, NOON, WORLD)
    for part in parts_of(explained):
        if isinstance(part.node, Measure) and part.node.take == "count":
            assert part.total == part.value
        if isinstance(part.node, tree.Sequence):
            assert part.total == (len(part.node.steps) if part.holds else 0)
