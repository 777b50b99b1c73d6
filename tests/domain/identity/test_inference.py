"""What a customer's history infers, from what, and when it is taken back."""

from datetime import UTC, datetime
from uuid import UUID

from commands.identity.describing import shipped
from domain.identity.customer import Customer
from domain.identity.identifier import Identifier, identifier
from domain.identity.inference import Inference
from domain.identity.naming import Naming
from domain.kernel.stored import to_state

AT = datetime(2026, 11, 25, tzinfo=UTC)
NAMING = Naming(b"a pepper of tests")
MEMBER = identifier("member_code", "m-1")
PHONE = identifier("phone", "13305712345")
NATIONAL_ID = identifier("national_id", "330184199005030023")


def a_customer(*identifiers: Identifier) -> Customer:
    """A customer seen under a member code and more."""
    customer = Customer(NAMING.customer_id(MEMBER))
    customer.observe(shipped().observed(sorted([MEMBER, *identifiers]), NAMING, AT), AT)
    return customer


def inferred(customer: Customer) -> dict[str, object]:
    """Values by rule."""
    return {held.grounds.rule: held.value for held in customer.inferred.values()}


def test_a_national_id_tells_birthday_sex_and_region_and_is_not_kept() -> None:
    """The region is that of the old code's successor; the number stands nowhere."""
    customer = a_customer(NATIONAL_ID)
    assert inferred(customer) == {
        "national_id_birthday": "1990-05-03",
        "national_id_sex": "female",
        "national_id_region": "330110",
    }
    for event in customer.collect_events():
        state = to_state(event, lambda clear: clear)
        assert NATIONAL_ID.value.encode() not in state
        if isinstance(event, Customer.AttributesInferred):
            assert set(event.personal.values()) == {"1990-05-03"}


def test_a_phone_tells_where_it_was_issued_with_the_claim_as_evidence() -> None:
    """The evidence names the claim, not the number."""
    customer = a_customer(PHONE)
    (held,) = customer.inferred.values()
    assert (held.value, held.grounds.confidence) == ("330100", 60)
    assert held.grounds.evidence == (f"phone:{NAMING.customer_id(PHONE)}",)


def test_evidence_that_goes_takes_its_inferences_along() -> None:
    """An un-merge withdraws the phone's claim, so its city goes; linked again it comes back."""
    customer = a_customer(PHONE)
    claim = NAMING.customer_id(PHONE)
    customer.unmerge(UUID(int=9), (claim,), "another person's")
    assert not customer.inferred
    customer.link(shipped().observed([PHONE], NAMING, AT))
    assert inferred(customer) == {"phone_region": "330100"}


def test_an_address_that_is_taken_back_takes_its_region_along() -> None:
    """The region follows the address as it stands."""
    customer = a_customer()
    shipped().describe(customer, {"address": "浙江省杭州市西湖区文三路"}, source="erp", said_at=AT)
    assert inferred(customer) == {"address_region": "330106"}
    shipped().describe(customer, {"address": "foreign parts"}, source="erp", said_at=AT.replace(hour=3))
    assert not customer.inferred


def test_what_cannot_be_cleaned_is_kept_sealed_beside_the_reason() -> None:
    """Nobody's mistake is dropped without a word."""
    customer = a_customer()
    shipped().describe(customer, {"birthday": "31/02/1990", "sex": "女"}, source="erp", said_at=AT)
    (changed,) = [one for one in customer.collect_events() if isinstance(one, Customer.AttributesChanged)]
    assert changed.attributes == {"sex": "female", "refused.birthday": "birthday.no_date"}
    assert changed.personal == {"raw.birthday": "31/02/1990"}


def test_the_same_inference_is_noted_once_a_better_founded_one_again() -> None:
    """A rule over what somebody did looks at all of it each time."""

    def bought(*facts: str, day: int) -> Inference:
        return Inference(
            attribute="has_baby",
            value=True,
            rule="bought",
            confidence=70,
            evidence=facts,
            occurred_at=AT.replace(day=day),
        )

    customer = a_customer()
    customer.infer([bought("fact:1", day=1)])
    version = customer.version
    customer.infer([bought("fact:1", day=1)])
    assert customer.version == version
    customer.infer([bought("fact:2", "fact:1", day=2)])
    assert customer.inferred["bought"].grounds.evidence == ("fact:2", "fact:1")
    customer.withdraw_inferences(["bought", "never"], "no_longer_holds")
    assert not customer.inferred
