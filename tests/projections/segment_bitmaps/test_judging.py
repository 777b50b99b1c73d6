"""Bitmaps mean whom the rule means, person by person."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from domain.kernel.rules.tree import All, AnyOf, Compare, Constant, InSegment, Last, Measure, Not, Rule, Tag
from projections.batch.built import BuiltTags
from projections.segment_bitmaps.judging import Bitmaps, NotIndexedError


class ARun:
    """A run in memory."""

    def __init__(self, **columns: "pa.Array[Any]") -> None:
        """Take the tags."""
        self._columns = columns
        self.people = len(next(iter(columns.values())))

    def column(self, key: str) -> "pa.Array[Any] | None":
        """Return a tag's values."""
        return self._columns.get(key)


def holds(rule: Rule, person: dict[str, Any]) -> bool:
    """The meaning of the rule, written down once more."""
    match rule:
        case All(of=rules):
            return all(holds(one, person) for one in rules)
        case AnyOf(of=rules):
            return any(holds(one, person) for one in rules)
        case Not(of=one):
            return not holds(one, person)
        case Compare(left=Tag(key=key), op=op, right=right):
            return compared(op, person[key], right.value if isinstance(right, Constant) else right)
        case _:
            raise AssertionError


def same(left: Any, right: Any) -> bool:
    """Whether two scalars are the same thing."""
    return (
        isinstance(left, bool) == isinstance(right, bool)
        and isinstance(left, str) == isinstance(right, str)
        and left == right
    )


def compared(op: str, value: Any, right: Any) -> bool:
    """Whether the comparison holds."""
    if op in {"exists", "missing"}:
        return (value is None) == (op == "missing")
    wanted = right if isinstance(right, tuple) else (right,)
    if op in {"eq", "in", "ne", "not_in"}:
        found = value is not None and any(same(value, one) for one in wanted)
        return found != (op in {"ne", "not_in"})
    if (
        value is None
        or isinstance(value, bool)
        or any(isinstance(one, str) != isinstance(value, str) for one in wanted)
    ):
        return False
    if op in {"contains", "starts_with"}:
        return isinstance(value, str) and (wanted[0] in value if op == "contains" else value.startswith(wanted[0]))
    least, most = wanted[0], wanted[-1]
    orders: dict[str, bool] = {
        "lt": value < least, "lte": value <= least, "gt": value > least, "gte": value >= least,
        "between": least <= value <= most,
    }  # fmt: skip
    return orders[op]


CITIES = st.sampled_from(["杭州", "上海", "北京", "上", ""])
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.5, 1e9]))
ORDERS = ["lt", "lte", "gt", "gte"]
CITY, SPENT, VIP = Tag(key="city"), Tag(key="spent"), Tag(key="vip")


def comparing(tag: Tag, ops: list[str], right: st.SearchStrategy[Any]) -> st.SearchStrategy[Rule]:
    """Comparisons of a tag."""
    return st.builds(Compare, left=st.just(tag), op=st.sampled_from(ops), right=right)


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists to choose from."""
    return st.lists(values, min_size=1, max_size=3).map(tuple)


COMPARISONS = st.one_of(
    comparing(CITY, ["eq", "ne", "contains", "starts_with", *ORDERS], CITIES),
    comparing(CITY, ["in", "not_in"], several(CITIES)),
    comparing(SPENT, ["eq", "ne", *ORDERS], NUMBERS),
    comparing(SPENT, ["in", "not_in"], several(NUMBERS)),
    comparing(SPENT, ["between"], st.tuples(NUMBERS, NUMBERS)),
    comparing(SPENT, ORDERS, st.builds(Constant, value=NUMBERS)),
    comparing(VIP, ["eq", "ne"], st.one_of(st.booleans(), st.integers(0, 1))),
    *(comparing(tag, ["exists", "missing"], st.none()) for tag in (CITY, SPENT, VIP)),
)
RULES: st.SearchStrategy[Rule] = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(All, of=st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, of=st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, of=inner),
    ),
    max_leaves=6,
)
PEOPLE = st.lists(
    st.fixed_dictionaries({"city": st.none() | CITIES, "spent": st.none() | NUMBERS, "vip": st.none() | st.booleans()}),
    max_size=40,
)


@given(PEOPLE, RULES)
@settings(max_examples=300, deadline=None)
def test_bitmaps_mean_whom_the_rule_means(people: list[dict[str, Any]], rule: Rule) -> None:
    """Whatever is missing, tied or negative."""
    run = ARun(
        city=pa.array([one["city"] for one in people], pa.string()),
        spent=pa.array([one["spent"] for one in people], pa.float64()),
        vip=pa.array([one["vip"] for one in people], pa.bool_()),
    )
    assert list(Bitmaps(run).meant(rule)) == [row for row, one in enumerate(people) if holds(rule, one)]


@given(PEOPLE.filter(bool), RULES)
@settings(max_examples=40, deadline=None)
def test_a_build_counts_whom_the_rule_means(people: list[dict[str, Any]], rule: Rule) -> None:
    """The same rules in DuckDB, words kept as numbers; bitmaps are made from its columns."""
    built = BuiltTags({"city": "text", "spent": "number", "vip": "flag"})
    named = {"profile_id": [str(number) for number in range(len(people))]}
    types = {"city": pa.string(), "spent": pa.float64(), "vip": pa.bool_()}
    built.add(pa.table(named | {key: pa.array([one[key] for one in people], kind) for key, kind in types.items()}))
    built.settle()
    meant = [str(row) for row, one in enumerate(people) if holds(rule, one)]
    assert (built.count(rule), Bitmaps(built).count(rule)) == (len(meant), len(meant))
    assert set(built.members(rule)["profile_id"].to_pylist()) == set(meant)
    built.close()


def test_many_numbers_are_cut_into_ranges_without_an_error_at_the_borders() -> None:
    """Each possible border, with ties across ranges."""
    values = [(number * 7919) % 1_000 for number in range(5_000)]
    bitmaps = Bitmaps(ARun(spent=pa.array(values, pa.int64())))
    for border in (-1, 0, 1, 31, 32, 499, 500, 998, 999, 1_000):
        rule = Compare(left=Tag(key="spent"), op="lt", right=border)
        assert bitmaps.count(rule) == sum(value < border for value in values)


def test_what_no_bitmap_says_is_named() -> None:
    """The caller then counts in the run itself."""
    bitmaps = Bitmaps(ARun(city=pa.array(["杭州"])), {"vips": BitMap([0])})
    assert bitmaps.count(InSegment(key="vips")) == 1
    measured = Compare(left=Measure(within=Last(amount=7)), op="gte", right=1)
    unknown = Compare(left=Tag(key="age"), op="exists")
    for rule, part in ((measured, "compare"), (unknown, "tag age"), (InSegment(key="x"), "in_segment")):
        with pytest.raises(NotIndexedError, match=part):
            bitmaps.count(AnyOf(of=(rule,)))
    many = Bitmaps(ARun(code=pa.array([str(number) for number in range(10_001)])))
    with pytest.raises(NotIndexedError, match="tag code"):
        many.count(Compare(left=Tag(key="code"), op="eq", right="7"))
