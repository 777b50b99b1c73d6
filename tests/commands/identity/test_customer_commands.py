"""The commands about customers on a real log."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from commands.identity.change_consent import ChangeConsent, change_consent
from commands.identity.customers import Changed, CustomerNotFoundError, GivenIdentifier
from commands.identity.describe_customer import DescribeCustomer, describe_customer
from commands.identity.link_identifiers import LinkIdentifiers, link_identifiers
from commands.identity.merge_customers import MergeCustomers, merge_customers
from commands.identity.register_customer import RegisterCustomer, register_customer
from commands.identity.unmerge_customers import UnmergeCustomers, unmerge_customers
from commands.runtime.context import AlreadyDoneError, Context
from commands.runtime.streams import Streams
from domain.identity.customer import ConsentState, Customer
from domain.identity.graph import NotJoinedError, StillJoinedError
from domain.identity.identifier import IdentifierError, identifier
from domain.identity.naming import Naming
from domain.kernel.errors import AlreadyExistsError, InvalidInputError, StaleVersionError
from domain.kernel.ids import derived

NAMING = Naming(b"a pepper for the tests")
BY = Context(actor="clerk li")
PHONE = "13800138000"


def given(*pairs: tuple[str, str]) -> tuple[GivenIdentifier, ...]:
    """Return identifiers as they are given."""
    return tuple(GivenIdentifier(type=kind, value=value) for kind, value in pairs)


async def registered(streams: Streams, *pairs: tuple[str, str], by: Context = BY, **attributes: Any) -> Changed:
    """Register a customer."""
    command = RegisterCustomer(identifiers=given(*pairs), attributes=attributes)
    return await register_customer(command, by=by, streams=streams, naming=NAMING)


def told(customer_id: UUID, streams: Streams, version: int | None = None) -> dict[str, Any]:
    """Return what every command to a customer is told."""
    return {"customer_id": customer_id, "expected_version": version, "streams": streams, "by": BY}


async def test_the_strongest_identifier_names_the_customer(streams: Streams) -> None:
    """In whatever order they are given, however they are spelled."""
    made = await registered(streams, ("phone", PHONE), ("member_code", " M-1 "))
    assert made.id == NAMING.customer_id(identifier("member_code", "M-1"))
    with pytest.raises(AlreadyExistsError):
        await registered(streams, ("member_code", "M-1"))


async def test_what_is_personal_of_a_person_is_sealed(streams: Streams) -> None:
    """The name of a person is; her city is not; an address is sealed whole, since half of it has no value."""
    made = await registered(
        streams, ("member_code", "M-1"), name="王芳", city="杭州", address={"city": "杭州", "street": "文三路 1 号"}
    )
    described, *_ = [e for e in await streams.history([made.id]) if isinstance(e, Customer.AttributesChanged)]
    assert described.attributes == {"city": "杭州"}
    assert described.personal == {"name": "王芳", "address": {"city": "杭州", "street": "文三路 1 号"}}


async def test_a_repeated_command_finds_what_it_did(streams: Streams) -> None:
    """The result lies with the command's id, in the transaction of its events."""
    by = Context(actor="clerk li", command_id=derived("test", "register"), fingerprint=b"one")
    made = await registered(streams, ("member_code", "M-1"), by=by)
    with pytest.raises(AlreadyDoneError) as again:
        await streams.refuse_repeat(by)
    assert (again.value.position, again.value.fingerprint) == (made.position, b"one")
    assert str(made.id).encode() in (again.value.result or b"")


async def test_a_decision_on_an_old_version_is_refused(streams: Streams) -> None:
    """Of two clerks who saw the same version one has to look again."""
    made = await registered(streams, ("member_code", "M-1"))
    gold = DescribeCustomer(attributes={"tier": "gold"})
    await describe_customer(gold, **told(made.id, streams, made.version))
    with pytest.raises(StaleVersionError, match="version 2"):
        await describe_customer(gold, **told(made.id, streams, made.version))


async def test_nobody_can_be_told_anything(streams: Streams) -> None:
    """A command to a customer who was never registered would begin a history out of nothing."""
    nobody, made = derived("nobody"), await registered(streams, ("member_code", "M-1"))
    with pytest.raises(CustomerNotFoundError):
        await describe_customer(DescribeCustomer(attributes={"a": 1}), **told(nobody, streams))
    with pytest.raises(CustomerNotFoundError) as missing:
        await merge_customers(MergeCustomers(other_id=nobody, reason="x"), **told(made.id, streams))
    assert missing.value.field == "other_id"
    unmerge = UnmergeCustomers(other_id=nobody, reason="x")
    with pytest.raises(CustomerNotFoundError):
        await unmerge_customers(unmerge, members=(), holds={}, **told(made.id, streams))


async def test_input_without_sense_is_refused_by_field(streams: Streams) -> None:
    """A consent without wording proves nothing, a merge without reason cannot be judged."""
    made = await registered(streams, ("member_code", "M-1"))
    soon = datetime.now(UTC) + timedelta(hours=1)
    words: dict[str, Any] = {
        "channel": "sms",
        "purpose": "marketing",
        "state": ConsentState.GRANTED,
        "text_version": "1",
        "source": "store",
    }
    wrong = [
        (words | {"text_version": " "}, "text_version"),
        (words | {"occurred_at": soon}, "occurred_at"),
        (words | {"occurred_at": soon.replace(tzinfo=None)}, "occurred_at"),
    ]
    for fields, field in wrong:
        with pytest.raises(InvalidInputError) as refused:
            await change_consent(ChangeConsent(**fields), **told(made.id, streams))
        assert refused.value.field == field
    with pytest.raises(InvalidInputError):
        await merge_customers(MergeCustomers(other_id=made.id, reason=" "), **told(made.id, streams))
    with pytest.raises(InvalidInputError):
        await describe_customer(DescribeCustomer(attributes={}), **told(made.id, streams))
    with pytest.raises(IdentifierError) as wrong_type:
        await registered(streams, ("member_code", "M-2"), ("fax", "1"))
    assert wrong_type.value.field == "identifiers[1].type"
    with pytest.raises(InvalidInputError):
        await registered(streams)


async def test_who_parts_gives_up_what_both_were_known_under(streams: Streams) -> None:
    """A merge ends, a shared phone stays with the one addressed, and a decision can give it back."""
    one = await registered(streams, ("member_code", "M-1"), ("phone", PHONE))
    other = await registered(streams, ("member_code", "M-2"), ("phone", PHONE))
    merged = MergeCustomers(other_id=other.id, reason="same person")
    await merge_customers(merged, **told(one.id, streams))
    part = UnmergeCustomers(other_id=other.id, reason="mother and daughter")
    await unmerge_customers(part, members=(one.id, other.id), holds={}, **told(one.id, streams))
    phone = NAMING.customer_id(identifier("phone", PHONE))
    stays, parted = await streams.load(Customer, one.id), await streams.load(Customer, other.id)
    assert (stays.merged_with, phone in stays.claims) == (set(), True)
    assert (phone in parted.claims, parted.withdrawn) == (False, {phone})
    with pytest.raises(NotJoinedError):
        await unmerge_customers(part, members=(one.id, other.id), holds={}, **told(one.id, streams))
    back = LinkIdentifiers(identifiers=given(("phone", PHONE)))
    await link_identifiers(back, naming=NAMING, **told(other.id, streams))
    assert phone in (await streams.load(Customer, other.id)).claims


async def test_two_held_together_by_a_third_are_told_whom_to_part_from_first(streams: Streams) -> None:
    """Otherwise they would be parted in name only."""
    ids = [(await registered(streams, ("member_code", f"M-{number}"))).id for number in range(3)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        merge = MergeCustomers(other_id=ids[other], reason="x")
        await merge_customers(merge, **told(ids[one], streams))
    part = UnmergeCustomers(other_id=ids[2], reason="x")
    with pytest.raises(StillJoinedError) as refused:
        await unmerge_customers(part, members=ids, holds={}, **told(ids[0], streams))
    assert refused.value.through == ids[1]
