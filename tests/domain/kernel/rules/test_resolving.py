"""Resolving and dependencies: what rules are made of, through tags and segments."""

import pytest

from domain.kernel.rules import tree
from domain.kernel.rules.depending import Dependencies, depends_on
from domain.kernel.rules.resolving import (
    CycleError,
    Definitions,
    TooLargeError,
    UndefinedError,
    place_at_fault,
    resolve,
)
from domain.kernel.rules.tree import Compare, Field, InSegment, Measure, Tag

ORDERS = Measure(events=("order.completed",), within=tree.Last(amount=30))
FREQUENT = Compare(left=Tag(key="orders_30d"), op="gte", right=3)


def test_tags_and_segments_are_put_in_and_lists_stay() -> None:
    """However deep they stand."""
    definitions = Definitions(
        tags={"orders_30d": ORDERS}, segments={"frequent": FREQUENT, "staff": None, "good": InSegment(key="frequent")}
    )
    rule = tree.All(of=(InSegment(key="good"), tree.Not(of=InSegment(key="staff"))))
    resolved = resolve(rule, definitions)
    frequent = Compare(left=ORDERS, op="gte", right=3)
    assert resolved == tree.All(of=(frequent, tree.Not(of=InSegment(key="staff"))))
    assert resolve(resolved, definitions) == resolved


def test_a_circle_is_told_with_its_way() -> None:
    """Through tags and segments, from whatever outside."""
    definitions = Definitions(
        tags={"a": tree.Case(cases=(tree.When(rule=InSegment(key="b"), then=ORDERS),))},
        segments={"b": Compare(left=Tag(key="a"), op="exists")},
    )
    with pytest.raises(CycleError, match=r"circle of definitions: a -> b -> a\Z"):
        resolve(tree.Not(of=Compare(left=Tag(key="a"), op="exists")), definitions)
    with pytest.raises(CycleError, match=r"b -> a -> b\Z"):
        resolve(InSegment(key="b"), definitions)


def test_what_is_not_defined_is_named_with_what_needs_it() -> None:
    """A tag of a tag that was taken away."""
    with pytest.raises(UndefinedError, match="there is no tag gone: kept is made of it"):
        resolve(Tag(key="kept"), Definitions(tags={"kept": Tag(key="gone")}))


def doubling(steps: int) -> Definitions:
    """Tags each of which has the next one twice."""
    twice = {
        f"t{n}": tree.Arithmetic(op="add", left=Tag(key=f"t{n + 1}"), right=Tag(key=f"t{n + 1}")) for n in range(steps)
    }
    return Definitions(tags={**twice, f"t{steps}": tree.Constant(value=1)})


def test_a_key_may_be_used_many_times_without_a_circle() -> None:
    """Twice beside each other is no circle; but what it comes to has a limit, told at once."""
    assert isinstance(resolve(Tag(key="t0"), doubling(8)), tree.Arithmetic)
    with pytest.raises(TooLargeError, match="20000 at most"):
        resolve(Tag(key="t0"), doubling(25))


@pytest.mark.parametrize("length", [40, 5_000])
def test_definitions_have_a_depth(length: int) -> None:
    """A long chain of segments is told as too deep, however long: nobody could judge it."""
    chain = {f"s{n}": tree.Not(of=InSegment(key=f"s{n + 1}")) for n in range(length)}
    definitions = Definitions(segments={**chain, f"s{length}": FREQUENT}, tags={"orders_30d": ORDERS})
    with pytest.raises(TooLargeError, match="nested more than 64 deep: s0 -> s1 -> s2"):
        resolve(InSegment(key="s0"), definitions)
    assert isinstance(resolve(tree.All(of=(InSegment(key=f"s{length - 20}"),)), definitions), tree.All)


def test_dependencies_are_what_a_rule_looks_at() -> None:
    """By name, fields with their level, derived attributes by what they follow from."""
    where = Compare(left=Field(name="category"), op="in", right=("baby",))
    rule = tree.AnyOf(
        of=(
            Compare(left=Measure(events=("a",), of="items", where=where, take="sum", field="amount"), op="gt", right=1),
            Compare(left=tree.Attribute(name="age"), op="gt", right=1),
            Compare(left=tree.Attribute(name="known_days"), op="gt", right=1),
            Compare(left=tree.Context(name="hour"), right=tree.Prediction(model="churn")),
            tree.Sequence(steps=(tree.Step(events=("b",)),), unless=tree.Step(events=("c",))),
            tree.HasBeen(rule=tree.Consented(channel="sms"), amount=1),
            tree.Tagged(key="vip"),
            tree.Identified(identifier="phone"),
            InSegment(key="staff"),
            Compare(left=Tag(key="t"), op="exists"),
        )
    )
    assert depends_on(rule) == Dependencies(
        events=frozenset("abc"),
        behaviour=True,
        fields=frozenset({("items", "category"), ("items", "amount")}),
        attributes=frozenset({"birthday", "region"}),
        tags=frozenset("t"),
        segments=frozenset({"staff"}),
        models=frozenset({"churn"}),
        contexts=frozenset({"hour"}),
        consents=frozenset({("sms", "marketing")}),
        words=frozenset({"vip"}),
        identifiers=frozenset({"phone"}),
    )


def test_the_place_at_fault_is_where_the_circle_or_the_stranger_is_named() -> None:
    """Deep inside, past tags that are sound."""
    sound = Compare(left=Tag(key="sound"), op="gte", right=1)
    circle = Compare(left=Tag(key="a"), op="gte", right=1)
    definitions = Definitions(tags={"sound": tree.Constant(value=1), "a": Tag(key="b"), "b": Tag(key="a")})
    rule = tree.All(of=(sound, tree.Not(of=circle)))
    assert place_at_fault(rule, definitions, "rule") == "rule.of.1.of.left.key"
    assert place_at_fault(tree.AnyOf(of=(InSegment(key="gone"),)), definitions, "rule") == "rule.of.0.key"
    assert place_at_fault(sound, definitions, "rule") == "rule"
