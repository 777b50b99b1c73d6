"""Naming: an identifier stands for one customer id, for ever, and the id does not give it away."""

import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity.identifier import Identifier, IdentifierType, identifier
from domain.identity.naming import Naming, strongest

PEPPER = b"a pepper for tests only"


def test_the_same_identifier_names_the_same_customer_in_every_process() -> None:
    """Nobody is looked up: two tills that never met attribute a receipt to the same customer."""
    phone = identifier("phone", "13800138000")
    assert Naming(PEPPER).customer_id(phone) == Naming(PEPPER).customer_id(phone)


def test_the_name_is_the_documented_formula() -> None:
    """HMAC-SHA256 over "type:value", its first 16 bytes, marked as UUID version 8."""
    digest = bytearray(hmac.new(PEPPER, b"phone:+8613800138000", hashlib.sha256).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    named = Naming(PEPPER).customer_id(identifier("phone", "13800138000"))
    assert named == UUID(bytes=bytes(digest))
    assert named.version == 8


def test_another_pepper_or_another_kind_names_another_customer() -> None:
    """Without the pepper nobody can try phone numbers until an id fits; a code that looks like a phone is no phone."""
    phone = identifier("phone", "13800138000")
    same_text = Identifier(IdentifierType.MEMBER_CODE, phone.value)
    names = {Naming(PEPPER).customer_id(phone), Naming(PEPPER * 2).customer_id(phone)}
    assert Naming(PEPPER).customer_id(same_text) not in names
    assert len(names) == 2


def test_a_pepper_that_can_be_guessed_is_refused() -> None:
    """A short secret would make every id reversible."""
    with pytest.raises(ValueError, match="16 bytes"):
        Naming(b"salt")


@given(st.permutations([identifier("anonymous", "a1"), identifier("phone", "13800138000"), identifier("device", "d1")]))
def test_the_strongest_identifier_names_the_customer(identifiers: list[Identifier]) -> None:
    """Whatever order a client sends them in."""
    assert strongest(identifiers).type is IdentifierType.PHONE
