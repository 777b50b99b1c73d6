"""Where the texts of a tag come from, and what became of a catalogue."""

import msgspec

from domain.kernel.rules.known import Known
from domain.kernel.rules.reading import read_rule
from domain.kernel.rules.tree import Attribute, Case, Compare, Constant, Measure, Tag, Value, When
from domain.tags.breadth import text_places, too_many
from domain.tags.revising import revisions
from domain.tags.shipped import shipped

ORDER = Measure(events=("order.completed",), take="last", field="order_id")
BOUGHT = Compare(left=Measure(events=("order.completed",)), op="gte", right=1)


def test_a_text_is_followed_to_where_it_comes_from() -> None:
    """What is counted, written down or said by a model is few."""
    value = Case(
        cases=(When(rule=BOUGHT, then=ORDER), When(rule=BOUGHT, then=Constant(value="x"))),
        otherwise=Case(cases=(When(rule=BOUGHT, then=Attribute(name="note")),), otherwise=Tag(key="other")),
    )
    assert list(text_places(value)) == [
        ("value.cases.0.then.field", "order_id"),
        ("value.otherwise.cases.0.then.name", "note"),
        ("value.otherwise.otherwise.key", "other"),
    ]
    assert list(text_places(Measure(take="distinct", field="order_id"))) == []


def test_the_problem_names_the_place_and_what_would_be_right() -> None:
    """A marketer reads it."""
    error = too_many(ORDER, 10_000, 1_000_000)
    assert (error.code, error.field) == ("tag.too_many_values", "value.field")
    assert "order_id has more than 10,000 different values among 1,000,000 people" in error.detail
    assert "category_group" in error.detail


def test_a_rule_cannot_ask_for_a_tag_that_is_kept_out_of_builds() -> None:
    """The reason comes with the place of the tag."""
    rule = {"type": "not", "of": {"type": "compare", "left": {"type": "tag", "key": "last_order"}, "right": "A1"}}
    read = read_rule(rule, Known(tags={"last_order": "text"}, refused={"last_order": "it is too wide"}))
    (problem,) = read.problems
    assert (problem.place, problem.is_warning) == ("of.left.key", False)
    assert "last_order is kept out of builds: it is too wide" in problem.detail


def test_a_catalogue_is_compared_with_what_it_was() -> None:
    """Each tag that is another says in what; 1 is not True."""
    before = {key: shipped().tags[key] for key in ("spend_180d", "may_wechat", "hot_day")}
    value: Value = Case(cases=(When(rule=BOUGHT, then=Constant(value=1)),), otherwise=Constant(value=0))
    flag: Value = Case(cases=(When(rule=BOUGHT, then=Constant(value=True)),), otherwise=Constant(value=False))
    before["may_wechat"] = msgspec.structs.replace(before["may_wechat"], value=flag)
    after = {key: before[key] for key in ("spend_180d", "may_wechat")} | {"age": shipped().tags["age"]}
    after["may_wechat"] = msgspec.structs.replace(after["may_wechat"], value=value, version=2)
    found = revisions(before, after)
    assert (found.added, found.removed) == (["age"], ["hot_day"])
    assert [(one.key, one.parts) for one in found.changed] == [("may_wechat", ["value", "version"])]
    assert revisions(before, before).changed == []
