"""What words about an attribute come to, in whatever order they arrive."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given as any_of
from hypothesis import strategies as st

from domain.identity.attributes import Word, WordKind, fold, fold_over_time, joined, plain_number, word
from domain.identity.customer import Customer
from tests.spec import STREAM

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def at(seconds: float, kind: WordKind, value: Any = None) -> Word:
    """A word said so many seconds past noon."""
    return word(kind, NOON + timedelta(seconds=seconds), value)


def value_of(*words: Word, cleared_at: float | None = None) -> Any:
    """What the words come to."""
    folded = fold(words, cleared_at=None if cleared_at is None else NOON + timedelta(seconds=cleared_at))
    return None if folded is None else plain_number(joined(folded))


def test_the_first_word_by_business_time_is_the_one_set_once() -> None:
    """The later arrival of an earlier word is still the first."""
    assert value_of(at(2, WordKind.ONCE, "app"), at(1, WordKind.ONCE, "web")) == "web"
    assert value_of(at(2, WordKind.ONCE, "app"), at(1, WordKind.SET, "shop")) == "shop"
    assert value_of(at(1, WordKind.ONCE, "app"), at(2, WordKind.SET, "shop")) == "shop"
    assert value_of(at(1, WordKind.ONCE, "app"), at(2, WordKind.UNSET), at(3, WordKind.ONCE, "web")) == "web"


def test_increments_count_from_the_last_value_set() -> None:
    """What was counted before is forgotten, what is counted later adds up, and without a value it begins with 0."""
    assert value_of(at(1, WordKind.INCREMENT, 3), at(2, WordKind.INCREMENT, -1)) == 2
    assert value_of(at(1, WordKind.INCREMENT, 3), at(2, WordKind.SET, 100), at(3, WordKind.INCREMENT, 5)) == 105
    assert value_of(at(1, WordKind.SET, "gold"), at(2, WordKind.INCREMENT, 5)) == "gold"
    assert value_of(at(1, WordKind.INCREMENT, 0.1), at(2, WordKind.INCREMENT, 0.2)) == 0.3


def test_texts_are_added_once_each_in_the_order_they_were_said() -> None:
    """A union, that begins with the list that was set."""
    said = [at(3, WordKind.ADDED, ["tea"]), at(1, WordKind.SET, ["wine"]), at(2, WordKind.ADDED, ["wine", "silk"])]
    assert value_of(*said) == ["wine", "silk", "tea"]
    assert value_of(at(1, WordKind.ADDED, ["tea"])) == ["tea"]
    assert value_of(at(1, WordKind.SET, "wine"), at(2, WordKind.ADDED, ["tea"])) == "wine"


def test_what_was_unset_or_cleared_is_gone_until_something_is_said_again() -> None:
    """Both end what was said until then, and nothing later."""
    assert value_of(at(1, WordKind.SET, 1), at(2, WordKind.UNSET)) is None
    assert value_of(at(1, WordKind.SET, 1), cleared_at=1) is None
    assert value_of(at(1, WordKind.SET, 1), at(2, WordKind.INCREMENT, 4), cleared_at=1) == 4


_VALUES = st.sampled_from(["gold", "silver", 1, 7, ["a"], ["b", "c"], None])
_TEXTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=2)
_SAID = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.one_of(
            st.tuples(st.just("set_attributes"), _VALUES),
            st.tuples(st.just("set_once"), _VALUES),
            st.tuples(st.just("extend"), _TEXTS),
            st.tuples(st.sampled_from(["remove_attributes", "clear_profile"]), st.none()),
        ),
    ),
    max_size=10,
)
_KINDS = {
    "set_attributes": WordKind.SET,
    "set_once": WordKind.ONCE,
    "extend": WordKind.ADDED,
    "remove_attributes": WordKind.UNSET,
}


def tell(customer: Customer, said: list[tuple[int, tuple[str, Any]]]) -> Customer:
    """Tell the customer all that, in this order."""
    for seconds, (what, value) in said:
        moment = NOON + timedelta(seconds=seconds)
        match what:
            case "clear_profile":
                customer.clear_profile(moment)
            case "remove_attributes":
                customer.remove_attributes(["tier"], moment)
            case _:
                getattr(customer, what)({"tier": value}, {}, moment)
    return customer


@any_of(_SAID, st.randoms())
def test_any_order_of_arrival_gives_the_same_profile(
    said: list[tuple[int, tuple[str, Any]]], shuffler: random.Random
) -> None:
    """What a customer keeps of the words comes to what all of them come to, whichever arrived first."""
    shuffled = list(said)
    shuffler.shuffle(shuffled)
    words = [at(seconds, _KINDS[what], value) for seconds, (what, value) in said if what in _KINDS]
    cleared = [seconds for seconds, (what, _) in said if what == "clear_profile"]
    folded = fold(words, cleared_at=NOON + timedelta(seconds=max(cleared)) if cleared else None)
    expected = {} if folded is None else {"tier": joined(folded)}
    for order in (said, shuffled):
        customer = tell(Customer(STREAM), order)
        assert {key: one.value for key, one in customer.attributes.items()} == expected
        replayed = Customer.rebuilt(STREAM, customer.collect_events())
        assert replayed.attributes == customer.attributes


@any_of(_SAID)
def test_a_word_said_twice_is_recorded_once(said: list[tuple[int, tuple[str, Any]]]) -> None:
    """A client that sends everything again leaves no trace."""
    customer = tell(Customer(STREAM), said)
    customer.collect_events()
    before = dict(customer.attributes)
    assert tell(customer, said).collect_events() == []
    assert customer.attributes == before


@any_of(_SAID)
def test_an_attribute_over_time_is_what_the_words_until_each_instant_come_to(
    said: list[tuple[int, tuple[str, Any]]],
) -> None:
    """Looking back at an instant sees what one who looked then saw."""
    words = [at(seconds, _KINDS[what], value) for seconds, (what, value) in said if what in _KINDS]
    cleared = {NOON + timedelta(seconds=seconds) for seconds, (what, _) in said if what == "clear_profile"}
    for instant, folded in fold_over_time(words, cleared):
        until = [one for one in words if one.occurred_at <= instant]
        assert folded == fold(until, cleared_at=max((c for c in cleared if c <= instant), default=None))
