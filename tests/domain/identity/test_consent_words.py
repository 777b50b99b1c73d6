"""What words on consent weigh: a withdrawal does not give way to a list that proves nothing."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given as whenever
from hypothesis import strategies as st

from domain.channels.consent import last_word
from domain.identity.consent_words import ConsentState, ToldConsent
from domain.identity.customer import Customer
from tests.builders import CUSTOMER, NOON
from tests.spec import given

GRANTED, WITHDRAWN = ConsentState.GRANTED, ConsentState.WITHDRAWN


def told(state: ConsentState, *, hours: int = 0, evidence: str = "", is_timed: bool = True) -> ToldConsent:
    """What a list tells."""
    return ToldConsent(
        channel="sms",
        purpose="marketing",
        state=state,
        text_version="2026-01",
        source="crm",
        occurred_at=NOON + timedelta(hours=hours),
        evidence=evidence,
        is_timed=is_timed,
    )


def changed(state: ConsentState, *, evidence: str = "", is_proven: bool = True) -> Customer.ConsentChanged:
    """What is recorded."""
    return Customer.ConsentChanged(
        channel="sms",
        purpose="marketing",
        state=state,
        text_version="2026-01",
        source="crm",
        proof={"evidence": evidence} if evidence else {},
        is_proven=is_proven,
    )


def test_a_list_is_heard_and_its_repetition_is_not() -> None:
    """Night for night it tells the same."""
    grant = told(GRANTED)
    given(Customer).when(lambda c: c.hear_consent(grant)).then(changed(GRANTED, is_proven=False))
    customer = Customer(CUSTOMER)
    for night in range(3):
        customer.hear_consent(told(GRANTED, evidence="form 7"))
        customer.hear_consent(told(WITHDRAWN, hours=1))
        customer.hear_consent(told(GRANTED, hours=2 + 24 * night, is_timed=False, evidence="form 7"))
        customer.hear_consent(told(WITHDRAWN, hours=3 + 24 * night, is_timed=False))
    recorded = [event.state for event in customer.collect_events() if isinstance(event, Customer.ConsentChanged)]
    assert recorded == ["granted", "withdrawn"]


def test_a_grant_without_evidence_does_not_end_a_withdrawal_and_one_with_evidence_does() -> None:
    """If it is the later word."""
    for evidence, hours, state in (("", 9, WITHDRAWN), ("form 7", 9, GRANTED), ("form 7", -9, WITHDRAWN)):
        customer = Customer(CUSTOMER)
        customer.hear_consent(told(WITHDRAWN))
        customer.hear_consent(told(GRANTED, hours=hours, evidence=evidence))
        assert customer.consents["sms", "marketing"].state == state


@pytest.mark.parametrize(("evidence", "state"), [("", "withdrawn"), ("form 7", "granted")])
def test_it_holds_for_all_customers_of_a_person(evidence: str, state: str) -> None:
    """Withdrawn under any identifier beats a newer grant that a file tells of another one."""
    by_phone, by_openid = Customer(CUSTOMER), Customer(CUSTOMER)
    by_phone.hear_consent(told(WITHDRAWN))
    by_openid.hear_consent(told(GRANTED, hours=24, evidence=evidence))
    for members in permutations((by_phone, by_openid)):
        assert last_word([one.consents for one in members], "sms", "marketing") == state


_WORDS = st.lists(
    st.builds(
        told, st.sampled_from([GRANTED, WITHDRAWN]), hours=st.integers(0, 9), evidence=st.sampled_from(["", "f"])
    ),
    max_size=4,
    unique_by=lambda word: word.occurred_at,
)


@whenever(_WORDS)
def test_in_any_order_the_same_word_holds(words: list[ToldConsent]) -> None:
    """Files arrive as they like."""
    states = set()
    for order in permutations(words):
        customer = Customer(CUSTOMER)
        for word in order:
            customer.hear_consent(word)
        said = customer.consents.get(("sms", "marketing"))
        states.add(said and said.state)
    assert len(states) == 1
