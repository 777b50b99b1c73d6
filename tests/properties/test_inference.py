"""Inferences hold for whatever arrives in whatever order: the same words and identifiers give the same profile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.identity.describing import shipped
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.identity.naming import Naming

NAMING = Naming(b"a pepper of tests")
MEMBER = identifier("member_code", "m-1")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
Step = Callable[[Customer], None]

IDENTIFIERS = st.sampled_from(
    [
        ("phone", "13912345678"),  # Changzhou
        ("phone", "13305712345"),  # Hangzhou
        ("national_id", "330106199005030024"),
        ("national_id", "110103800101002"),
        ("email", "li.na@example.cn"),
    ]
)
WORDS = st.one_of(
    st.tuples(st.just("sex"), st.sampled_from(["男", "F", "?", "0"])),
    st.tuples(st.just("name"), st.sampled_from(["李娜女士", "王先生", "李娜", "测试"])),
    st.tuples(st.just("address"), st.sampled_from(["浙江省杭州市西湖区", "上海市浦东新区", "somewhere", "朝阳区"])),
    st.tuples(st.just("birthday"), st.sampled_from(["1990-05-03", "1900-01-01", "31/02/1990"])),
    st.tuples(st.just("region"), st.sampled_from(["330106", "朝阳区"])),
)


def seen(pair: tuple[str, str], day: int) -> Step:
    """The customer shows up under an identifier."""
    at = BEGAN + timedelta(days=2 * day)
    observed = shipped().observed([MEMBER, identifier(*pair)], NAMING, at)
    return lambda customer: customer.observe(observed, at)


def said(word: tuple[str, str], day: int) -> Step:
    """Somebody says something of her; a source may not say two things at one time."""
    at = BEGAN + timedelta(days=2 * day)
    return lambda customer: shipped().describe(customer, dict([word]), source="erp", said_at=at)


STEPS = st.one_of(st.builds(seen, IDENTIFIERS, st.integers(0, 9)), st.builds(said, WORDS, st.integers(0, 9)))


def profile(steps: list[Step]) -> tuple[dict[str, Any], dict[str, tuple[Any, str]]]:
    """What is known after these steps, and what is inferred beside it: value and rule."""
    customer = Customer(NAMING.customer_id(MEMBER))
    customer.observe(shipped().observed([MEMBER], NAMING, BEGAN), BEGAN)
    for step in steps:
        step(customer)
    again = Customer.rebuilt(customer.id, customer.collect_events())
    assert again.inferred == customer.inferred
    known = {key: one.value for key, one in customer.attributes.items()}
    surest = sorted(customer.inferred.items(), key=lambda one: (one[1].grounds.confidence, one[0]))
    inferred = {held.grounds.attribute: (held.value, held.grounds.rule) for _, held in surest}
    return known, {key: one for key, one in inferred.items() if key not in known}


@given(st.data(), st.lists(STEPS, max_size=7))
@settings(max_examples=150, deadline=None)
def test_any_order_of_arrival_gives_the_same_profile(data: st.DataObject, steps: list[Step]) -> None:
    """What is real and what is inferred, and a real value goes before an inferred one."""
    other = data.draw(st.permutations(steps))
    assert profile(steps) == profile(list(other))


@given(st.lists(STEPS, max_size=5))
@settings(max_examples=50, deadline=None)
def test_told_twice_is_told_once(steps: list[Step]) -> None:
    """A repeat infers nothing new."""
    assert profile(steps) == profile([*steps, *steps])


def test_a_word_said_again_goes_before_one_from_between_that_comes_late() -> None:
    """Each order ends with what was said last."""
    first, again, between = said(("name", "王先生"), 0), said(("name", "王先生"), 2), said(("name", "李娜女士"), 1)
    for steps in ([first, again, between], [first, between, again], [between, first, again]):
        assert profile(steps)[1]["sex"] == ("male", "name_title_sex")
