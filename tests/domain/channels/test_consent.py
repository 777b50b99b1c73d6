"""Who may be written to: the last word decides, and of two at once the more restrictive."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given as whenever
from hypothesis import strategies as st

from domain.channels.consent import allows, last_word
from domain.identity.customer import ConsentWord
from tests.builders import NOON

GRANTED, WITHDRAWN = "granted", "withdrawn"


def said(state: str, *, hours: int = 0, purpose: str = "marketing") -> dict[tuple[str, str], ConsentWord]:
    """What one customer of the profile said about e-mail."""
    return {("email", purpose): ConsentWord(state, NOON + timedelta(hours=hours), "v1")}


def marketing(*consents: dict[tuple[str, str], ConsentWord], requires_grant: bool = True) -> bool:
    """Whether marketing by e-mail may go out."""
    return allows(consents, "email", "marketing", requires_grant=requires_grant)


def test_marketing_needs_a_consent_that_was_given() -> None:
    """Silence is refusal."""
    assert marketing(said(GRANTED))
    assert not marketing(said(WITHDRAWN))
    assert not marketing()
    assert not marketing({})


def test_a_channel_that_reaches_nobody_needs_no_grant_but_respects_a_withdrawal() -> None:
    """The sandbox shows a journey on trial."""
    assert marketing(requires_grant=False)
    assert not marketing(said(WITHDRAWN), requires_grant=False)


def test_a_message_of_service_needs_no_consent_but_respects_a_withdrawal() -> None:
    """Consents for other purposes and channels say nothing about it."""
    assert allows([said(WITHDRAWN)], "email", "service", requires_grant=True)
    assert allows([], "email", "service", requires_grant=True)
    assert not allows([said(WITHDRAWN, purpose="service")], "email", "service", requires_grant=True)
    assert not allows([said(GRANTED)], "sms", "marketing", requires_grant=True)


def test_the_last_word_of_a_person_counts_whichever_customer_said_it() -> None:
    """A person who comes back by another door may have changed her mind."""
    assert marketing(said(WITHDRAWN), said(GRANTED, hours=1))
    assert not marketing(said(GRANTED), said(WITHDRAWN, hours=1))


def test_of_two_words_at_once_the_withdrawal_counts() -> None:
    """In any order."""
    assert not marketing(said(GRANTED), said(WITHDRAWN))
    assert not marketing(said(WITHDRAWN), said(GRANTED))


@pytest.mark.parametrize("state", ["expired", "pending", ""])
def test_a_word_that_is_no_grant_does_not_allow(state: str) -> None:
    """What a later version may write, this one takes for a no."""
    assert not allows([said(state)], "email", "marketing", requires_grant=False)


@whenever(st.lists(st.tuples(st.sampled_from([GRANTED, WITHDRAWN]), st.integers(0, 2)), min_size=1, max_size=4))
def test_the_order_of_merged_customers_does_not_matter(words: list[tuple[str, int]]) -> None:
    """Consent is a property of the person, not of the order of joining."""
    consents = [said(state, hours=hours) for state, hours in words]
    assert len({last_word(order, "email", "marketing") for order in permutations(consents)}) == 1
