"""The customer's stream: what it claims, what was said last, and merges that change no history."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given as any_of
from hypothesis import strategies as st

from domain.identity.customer import Claim, ConsentState, Customer, MergeError, Observed
from domain.kernel import InvalidInputError
from domain.kernel.errors import AlreadyExistsError
from tests.spec import STREAM, given

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
PHONE, BROWSER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
MEMBER = Observed(STREAM, "member_code", "M1")
HER_PHONE = Observed(PHONE, "phone", "+8613912345678")
HER_BROWSER = Observed(BROWSER, "anonymous", None)
REGISTERED = Customer.Registered(
    named_by="member_code", claims=(Claim(STREAM, "member_code"),), identifiers={str(STREAM): "M1"}
)


def test_whoever_is_seen_for_the_first_time_is_registered_with_all_she_was_seen_with() -> None:
    """The naming identifier is among the claims; an anonymous id keeps no value."""
    given(Customer).when(lambda customer: customer.observe((MEMBER, HER_BROWSER))).then(
        Customer.Registered(
            named_by="member_code",
            claims=(Claim(STREAM, "member_code"), Claim(BROWSER, "anonymous")),
            identifiers={str(STREAM): "M1"},
        )
    )


def test_being_seen_again_under_the_same_identifiers_is_no_news() -> None:
    """Most facts come from known combinations."""
    given(Customer, REGISTERED).when(lambda customer: customer.observe((MEMBER,))).then_nothing()


def test_a_further_identifier_is_claimed() -> None:
    """Only what is new is recorded."""
    given(Customer, REGISTERED).when(lambda customer: customer.observe((MEMBER, HER_PHONE))).then(
        Customer.Identified(claims=(Claim(PHONE, "phone"),), identifiers={str(PHONE): "+8613912345678"})
    )


def test_nobody_is_registered_twice_or_without_the_identifier_that_names_her() -> None:
    """Registering is a command, and commands are refused with a reason."""
    given(Customer, REGISTERED).when(lambda customer: customer.register((MEMBER,))).then_raises(AlreadyExistsError)
    refusal = given(Customer).when(lambda customer: customer.register((HER_PHONE,))).then_raises(InvalidInputError)
    assert refusal.field == "identifiers"


def test_a_withdrawn_claim_stays_withdrawn_until_someone_decides_otherwise() -> None:
    """After an un-merge the next event of the shared tablet must not join the two again; a person may."""
    shared = Customer.Identified(claims=(Claim(BROWSER, "anonymous"),))
    parted = Customer.Unmerged(other_id=OTHER, withdrawn=(BROWSER,), reason="father and son")
    history = (REGISTERED, shared, parted)
    given(Customer, *history).when(lambda customer: customer.observe((MEMBER, HER_BROWSER))).then_nothing()
    given(Customer, *history).when(lambda customer: customer.link((HER_BROWSER,))).then(
        Customer.Identified(claims=(Claim(BROWSER, "anonymous"),))
    )


def test_a_merge_is_said_once_and_never_with_oneself() -> None:
    """What makes no sense is refused."""
    merged = Customer.Merged(other_id=OTHER, reason="same person at the counter")
    given(Customer, REGISTERED).when(lambda customer: customer.merge(OTHER, merged.reason)).then(merged)
    given(Customer, REGISTERED, merged).when(lambda customer: customer.merge(OTHER, "again")).then_raises(MergeError)
    given(Customer, REGISTERED).when(lambda customer: customer.merge(STREAM, "me")).then_raises(MergeError)


def test_only_what_joins_can_be_parted() -> None:
    """Without a merge or a claim to give up there is nothing to undo."""
    given(Customer, REGISTERED).when(lambda customer: customer.unmerge(OTHER, (), "?")).then_raises(MergeError)
    given(Customer, REGISTERED).when(lambda customer: customer.unmerge(OTHER, (PHONE,), "?")).then_raises(MergeError)


def _grant(customer: Customer, state: ConsentState, at: datetime) -> None:
    customer.change_consent("email", "marketing", state, text_version="2026-11", source="app", occurred_at=at)


def test_every_word_about_consent_is_kept_and_the_latest_by_its_own_time_counts() -> None:
    """An older grant that arrives late does not undo a withdrawal."""
    customer = Customer.rebuilt(STREAM, [REGISTERED])
    _grant(customer, ConsentState.WITHDRAWN, NOON)
    _grant(customer, ConsentState.GRANTED, NOON - timedelta(days=1))
    assert customer.consents["email", "marketing"].state == "withdrawn"
    assert len(customer.collect_events()) == 2


_words = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(["Shanghai", "Suzhou", "Hangzhou"])), min_size=1, max_size=12
)


def _said(words: list[tuple[int, Any]]) -> object:
    customer = Customer.rebuilt(STREAM, [REGISTERED])
    for weeks, city in words:
        customer.describe({"city": city}, {}, NOON + timedelta(weeks=weeks))
    return customer.attributes["city"].value


@any_of(_words, st.randoms())
def test_the_last_word_on_an_attribute_is_the_same_in_whatever_order_they_arrive(
    words: list[tuple[int, str]], shuffler: Any
) -> None:
    """Business time decides, and of words at the same time the greater one."""
    shuffled = list(words)
    shuffler.shuffle(shuffled)
    assert _said(words) == _said(shuffled) == max(words)[1]
