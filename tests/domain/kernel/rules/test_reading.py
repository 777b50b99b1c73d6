"""Reading rules: every rule comes back as it was written, and what is wrong is named, all of it at once."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.rules.known import Known
from domain.kernel.rules.reading import RuleError, read_rule, read_value, written
from domain.kernel.rules.tree import Rule, Value
from tests.domain.kernel.rules.strategies import rules, values

KNOWN = Known(
    events={"order.completed", "product.viewed", "app.opened"},
    seen={"order.completed", "product.viewed"},
    fields={"events": {"amount": "number", "channel": "text"}, "items": {"category": "text", "quantity": "number"}},
    attributes={"city": "text", "is_vip": "bool", "hobbies": "list"},
    tags={"value.orders_30d": "number", "city.tier": "text"},
    segments={"high_value"},
    contexts={"hour": "number", "weather": "text", "festivals": "list"},
    models={"churn": "number"},
    identifiers={"phone", "email"},
    channels={"sms", "email"},
)
ORDERS: dict[str, Any] = {"type": "measure", "events": ["order.completed"]}
RAIN = {"type": "compare", "left": {"type": "context", "name": "weather"}, "right": "rain"}
CITY = {"type": "attribute", "name": "city"}


def said(rule: object, known: Known = KNOWN) -> dict[str, str]:
    """Read a rule that is wrong; return what is said of each place."""
    read = read_rule(rule, known)
    assert read.node is None
    return {problem.place: problem.detail for problem in read.problems if not problem.is_warning}


@given(rules(depth=2))
@settings(max_examples=150)
def test_every_rule_is_read_as_it_was_written(rule: Rule) -> None:
    """Through JSON and back, the same bytes."""
    read = read_rule(json.loads(json.dumps(written(rule))), Known())
    assert [problem for problem in read.problems if not problem.is_warning] == []
    assert written(read.taken()) == written(rule)


@given(values())
@settings(max_examples=60)
def test_every_value_is_read_as_it_was_written(value: Value) -> None:
    """Likewise."""
    assert written(read_value(json.loads(json.dumps(written(value))), Known()).taken()) == written(value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(("all", "measure")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("type", "of", "left", "right", "within", "events", "x")), inner, max_size=4)
    ),
)


@given(_JSON, rules(depth=1), st.data())
@settings(max_examples=150)
def test_anything_at_all_is_read_or_told_what_is_wrong(junk: Any, rule: Rule, data: st.DataObject) -> None:
    """Junk alone, and junk somewhere inside a good rule."""
    for attempt in (junk, _replaced(written(rule), junk, data)):
        read = read_rule(attempt, KNOWN)
        assert read.node is not None or any(not problem.is_warning for problem in read.problems)
        if read.node is None:
            assert str(RuleError(read.problems))


def _replaced(whole: Any, junk: Any, data: st.DataObject) -> Any:
    if isinstance(whole, dict) and whole and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(whole)))
        return {**whole, key: _replaced(whole[key], junk, data)}
    return junk


@pytest.mark.parametrize(
    ("rule", "place", "detail"),
    [
        ({"type": "al", "of": []}, "type", "there is no such part here as 'al': did you mean all"),
        ({"of": []}, "type", "every part has a type: all, any, not"),
        ([], "", "must be an object with a type (all, any"),
        ({"type": "all"}, "of", "is missing: must be a list"),
        ({"type": "all", "of": [], "off": 1}, "off", "all has no part 'off': did you mean of?"),
        ({"type": "compare", "left": ORDERS, "op": "gte"}, "right", "gte wants a value"),
        ({"type": "compare", "left": ORDERS, "op": "gte", "right": "3"}, "right", "the left side is a number"),
        ({"type": "compare", "left": CITY, "right": 3}, "right", "the left side is a text, so this must be one too"),
        ({"type": "compare", "left": CITY, "op": "=", "right": ""}, "op", "must be one of eq, ne, lt"),
        ({"type": "compare", "left": CITY, "op": "in", "right": ["杭州", 1]}, "right.1", "it is a number"),
        (
            {"type": "compare", "left": CITY, "op": "in", "right": []},
            "right",
            "in wants a list of values, one at least",
        ),
        ({"type": "compare", "left": ORDERS, "op": "between", "right": [9, 1]}, "right", "put the lower value first"),
        ({"type": "compare", "left": ORDERS, "op": "between", "right": [9]}, "right", "a list of two values"),
        ({"type": "compare", "left": ORDERS, "op": "contains", "right": "1"}, "op", "contains looks into texts"),
        ({"type": "compare", "left": ORDERS, "op": "exists", "right": 1}, "right", "compares with nothing"),
        (
            {"type": "compare", "left": {"type": "attribute", "name": "is_vip"}, "op": "gt", "right": True},
            "op",
            "gt wants numbers or texts, and the left side is true or false: use eq",
        ),
        (
            {"type": "compare", "left": {"type": "context", "name": "festivals"}, "right": "春节"},
            "op",
            "eq cannot be asked of a list of texts: use contains",
        ),
        ({"type": "compare", "left": {"type": "field", "name": "amount"}, "right": 1}, "left", "inside `where` only"),
        (
            {"type": "in_segment", "key": "high_valu"},
            "key",
            "there is no segment 'high_valu': did you mean high_value?",
        ),
        (
            {"type": "compare", "left": {"type": "tag", "key": "orders_30d"}, "op": "gte", "right": 1},
            "left.key",
            "there is no tag 'orders_30d': did you mean value.orders_30d?",
        ),
        (
            {"type": "compare", "left": {"type": "context", "name": "festivals"}, "op": "ne", "right": "春节"},
            "op",
            "ne cannot be asked of a list of texts",
        ),
        (
            {"type": "sequence", "steps": [{"events": ["app.opened"], "limit_seconds": 1e300}]},
            "steps.0.limit_seconds",
            "is longer than a hundred years",
        ),
        (
            {"type": "as_of", "at": "9999-12-31T23:59:59-08:00", "rule": {"type": "all", "of": []}},
            "at",
            "must be in the years 2 to 9998",
        ),
        (
            {
                "type": "compare",
                "left": ORDERS | {"within": {"type": "between", "since": "0001-01-01T00:00:00+08:00"}},
                "right": 1,
            },
            "left.within.since",
            "must be in the years 2 to 9998",
        ),
        ({"type": "consented", "channel": "fax"}, "channel", "there is no channel 'fax': there are email, sms"),
        ({"type": "identified", "identifier": "phon"}, "identifier", "did you mean phone?"),
        ({"type": "sampled", "salt": "s", "until": 2}, "until", "a share is from 0 to 1, and this is 2.0"),
        ({"type": "sampled", "salt": "s", "since": 0.5, "until": 0.5}, "until", "nobody is in this sample"),
        ({"type": "sequence", "steps": []}, "steps", "there is no step"),
        ({"type": "sequence", "steps": [{"events": []}]}, "steps.0.events", "name one event at least"),
        (
            {"type": "sequence", "steps": [{"events": ["order.complete"]}]},
            "steps.0.events.0",
            "there is no event 'order.complete': did you mean order.completed?",
        ),
        (
            {"type": "has_been", "rule": {"type": "all", "of": []}, "amount": 0},
            "amount",
            "a span of 0 days holds nothing",
        ),
        (
            {"type": "has_been", "rule": RAIN, "amount": 2, "unit": "month"},
            "amount",
            "circumstances are followed for 31 days at most",
        ),
        ({"type": "as_of", "rule": {"type": "all", "of": []}}, "", "give one of at (an instant) and amount"),
        (
            {"type": "as_of", "rule": {"type": "all", "of": []}, "at": "2026-11-11T00:00:00"},
            "at",
            "say the zone of the instant, such as 2026-11-11T00:00:00+08:00",
        ),
        (
            {"type": "compare", "left": CITY, "op": "in", "right": [str(n) for n in range(10_001)]},
            "right",
            "has 10001 values, 10000 at most: upload a segment for more",
        ),
        ({"type": "compare", "left": ORDERS, "op": "gt", "right": math.nan}, "right", "must be a finite number"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(rule: object, place: str, detail: str) -> None:
    """With what would be right."""
    found = said(rule)
    assert list(found) == [place]
    assert detail in found[place]


@pytest.mark.parametrize(
    ("changes", "place", "detail"),
    [
        ({"within": {"type": "last", "amount": 0}}, "within.amount", "a window of 0 days holds nothing: use 1 or more"),
        ({"within": {"type": "last", "amount": 10**6}}, "within.amount", "longer than 100 years"),
        ({"within": {"type": "last", "amount": 7, "ending": 7}}, "within.ending", "use less than amount (7)"),
        ({"within": {"type": "last", "amount": 7, "unit": "days"}}, "within.unit", "must be one of minute, hour, day"),
        ({"within": {"type": "last", "amount": "7"}}, "within.amount", "must be a whole number, and is a text"),
        ({"within": {"type": "calendar", "unit": "month", "ago": -1}}, "within.ago", "0 is the month of now"),
        ({"within": {"type": "between"}}, "within", "give since, until or both"),
        ({"take": "sum"}, "field", "sum is taken over a field"),
        ({"take": "sum", "field": "channel"}, "field", "sum is taken over numbers, and channel is a text"),
        ({"take": "sum", "field": "category"}, "field", "there is no field of events 'category'"),
        ({"field": "amount"}, "field", "count needs no field"),
        ({"take": "top", "field": "channel", "rank": 0}, "rank", "1 is the most frequent value"),
        ({"rank": 2}, "rank", "count has no ranks"),
        ({"of": "item"}, "of", "must be one of events, items"),
        (
            {"where": {"type": "compare", "left": CITY, "right": "杭州"}},
            "where.left",
            "inside `where` only fields of the event can be looked at",
        ),
        (
            {"of": "items", "where": {"type": "compare", "left": {"type": "field", "name": "quantity"}, "right": "2"}},
            "where.right",
            "the left side is a number",
        ),
    ],
)
def test_what_is_wrong_with_a_measure_is_told_at_its_place(changes: dict[str, Any], place: str, detail: str) -> None:
    """Windows, fields, and what stands in `where`."""
    read = read_value(ORDERS | changes, KNOWN)
    assert read.node is None
    assert [problem.place for problem in read.problems] == [place]
    assert detail in read.problems[0].detail


@pytest.mark.parametrize(
    ("value", "place", "detail"),
    [
        (
            {"type": "arithmetic", "op": "divide", "left": ORDERS, "right": {"type": "constant", "value": 0}},
            "right.value",
            "a division by zero is always missing",
        ),
        ({"type": "arithmetic", "op": "add", "left": ORDERS, "right": CITY}, "right", "add is done with numbers"),
        ({"type": "case", "cases": []}, "cases", "there is no case"),
        ({"type": "weighted", "parts": []}, "parts", "there is nothing to add up"),
        ({"type": "weighted", "parts": [{"name": "a", "weight": 1}]}, "parts.0", "give a rule"),
        ({"type": "prediction", "model": "chrun"}, "model", "did you mean churn?"),
    ],
)
def test_what_is_wrong_with_a_value_is_told_at_its_place(value: object, place: str, detail: str) -> None:
    """Likewise."""
    read = read_value(value, KNOWN)
    assert [problem.place for problem in read.problems] == [place]
    assert detail in read.problems[0].detail


def test_all_problems_are_told_at_once() -> None:
    """Also beside a part that has no form at all; the error names the first."""
    empty = {"type": "compare", "left": ORDERS | {"within": {"type": "last", "amount": 0}}, "right": 1}
    rule = {
        "type": "all",
        "of": [
            {"type": "any", "of": [empty]},
            {"type": "nothing"},
            {"type": "not", "of": {"type": "in_segment", "key": "gone"}},
        ],
    }
    assert list(said(rule)) == ["of.0.of.0.left.within.amount", "of.1.type", "of.2.of.key"]
    with pytest.raises(RuleError) as raised:
        read_rule(rule, KNOWN, place="definition").taken()
    assert raised.value.field == "definition.of.0.of.0.left.within.amount"
    assert "definition.of.2.of.key: there is no segment 'gone'" in raised.value.detail


def test_what_may_yet_come_is_a_warning() -> None:
    """An event that never happened, an attribute that nobody has: the rule is taken."""
    left = {"type": "measure", "events": ["app.opened"]}
    rule = {
        "type": "all",
        "of": [
            {"type": "compare", "left": left, "op": "gt", "right": 0},
            {"type": "compare", "left": {"type": "attribute", "name": "citty"}, "right": "杭州"},
        ],
    }
    read = read_rule(rule, KNOWN)
    assert read.node is not None
    assert [(one.place, one.is_warning) for one in read.problems] == [
        ("of.0.left.events.0", True),
        ("of.1.left.name", True),
    ]


def test_of_many_problems_the_first_hundred_are_told() -> None:
    """A list of wrong values, a heap of unknown names: quickly, and without saying all of it again."""
    mixed = {"type": "compare", "left": CITY, "op": "in", "right": list(range(10_000))}
    read = read_rule(mixed, KNOWN)
    assert (read.node, len(read.problems)) == (None, 100)
    heap = read_value(ORDERS | {"x" * 100_000: 1, "events": ["y" * 100_000] * 300}, KNOWN)
    assert heap.node is None
    assert max(len(problem.detail) for problem in heap.problems) < 200
    crowd = read_value(ORDERS | {"events": ["order.completed"] * 300}, KNOWN)
    assert [problem.detail for problem in crowd.problems] == [
        "names 300 events, 200 at most; none at all means all behaviour"
    ]


def test_many_warnings_hide_no_problem() -> None:
    """However many events never happened."""
    strange = [compare_city(f"city{number}") for number in range(150)]
    read = read_rule({"type": "any", "of": [*strange, {"type": "in_segment", "key": "gone"}]}, KNOWN)
    assert read.node is None
    assert [problem.place for problem in read.problems if not problem.is_warning] == ["of.150.key"]


def compare_city(name: str) -> dict[str, Any]:
    """Ask for an attribute that nobody has."""
    return {"type": "compare", "left": {"type": "attribute", "name": name}, "right": "杭州"}


def test_a_rule_has_its_limits() -> None:
    """Depth and number of parts, told once and without going through all of it."""
    deep: dict[str, Any] = {"type": "all", "of": []}
    for _ in range(200):
        deep = {"type": "not", "of": deep}
    assert list(said(deep).values()) == ["is nested more than 32 deep: give a part its own segment or tag"]
    wide = {"type": "any", "of": [{"type": "identified", "identifier": "phone"}] * 50_000}
    assert list(said(wide).values()) == ["has more than 2000 parts: give some their own segment"]
