"""Identifiers bound and cut by the customer's own system."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given as any_of
from hypothesis import strategies as st

from domain.identity.customer import Claim, Customer, Observed
from domain.identity.graph import is_void
from tests.spec import STREAM, given

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PHONE = UUID(int=1)
MEMBER = Observed(STREAM, "member_code", "M1")
HER_PHONE = Observed(PHONE, "phone", "+8613912345678")
REGISTERED = Customer.Registered(
    named_by="member_code", claims=(Claim(STREAM, "member_code"),), identifiers={str(STREAM): "M1"}
)
BOUND = Customer.Bound(claims=(Claim(PHONE, "phone"),), identifiers={str(PHONE): "+8613912345678"})


def test_an_explicit_word_is_recorded_with_its_time() -> None:
    """So that it can be told from an unbinding before and after it; told again it is no news."""
    given(Customer, REGISTERED).when(lambda customer: customer.bind((MEMBER, HER_PHONE), NOON)).then(BOUND)
    given(Customer).when(lambda customer: customer.bind((MEMBER, HER_PHONE), NOON)).then(REGISTERED, BOUND)

    def twice(customer: Customer) -> None:
        customer.bind((MEMBER, HER_PHONE), NOON)
        customer.bind((MEMBER, HER_PHONE), NOON)

    given(Customer, REGISTERED).when(twice).then(BOUND)


def test_what_a_person_withdrew_no_client_binds_again() -> None:
    """An un-merge is a person's decision; only a person's decision restores the claim."""
    parted = Customer.Unmerged(other_id=UUID(int=9), withdrawn=(PHONE,), reason="father and son")
    bind = lambda customer: customer.bind((MEMBER, HER_PHONE), NOON)  # noqa: E731 - said twice, reads better so
    given(Customer, REGISTERED, BOUND, parted).when(bind).then_nothing()


def test_an_identifier_is_cut_once_for_a_time() -> None:
    """A repeat, or an older word, is no news."""
    given(Customer, REGISTERED).when(lambda customer: customer.unbind(NOON)).then(Customer.Unbound())

    def twice(customer: Customer) -> None:
        customer.unbind(NOON)
        customer.unbind(NOON - timedelta(days=1))

    given(Customer, REGISTERED).when(twice).then(Customer.Unbound())


@any_of(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=8), st.randoms())
def test_the_last_word_on_a_bond_counts_whatever_arrives_first(
    said: list[tuple[bool, int]], shuffler: random.Random
) -> None:
    """Bindings are in the history of who claims, unbindings in that of what is claimed."""
    shuffled = list(said)
    shuffler.shuffle(shuffled)
    results = set()
    for order in (said, shuffled):
        member, phone = Customer(STREAM), Customer(PHONE)
        for binds, hours in order:
            if binds:
                member.bind((MEMBER, HER_PHONE), NOON + timedelta(hours=hours))
            else:
                phone.unbind(NOON + timedelta(hours=hours))
        unbound = {PHONE: phone.unbound_at} if phone.unbound_at else {}
        claimed_at = member.claimed_at.get(PHONE)
        results.add(claimed_at is not None and not is_void(STREAM, PHONE, claimed_at, unbound))
    bound = max((hours for binds, hours in said if binds), default=-1)
    cut = max((hours for binds, hours in said if not binds), default=-1)
    assert results == {bound > cut}
