"""Identifiers: two spellings of one name are one, and what names nobody joins nobody."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity.identifier import (
    BlankIdentifierError,
    Identifier,
    IdentifierError,
    IdentifierType,
    identifier,
    masked,
)


@pytest.mark.parametrize(
    "spelling",
    [
        "13800138000",
        13800138000,
        "+86 138 0013 8000",
        "0086-138-0013-8000",
        "+８６ 13800138000",
        "\u202d13800138000\u202c",
    ],
)
def test_one_phone_number_has_one_spelling(spelling: object) -> None:
    """However a till, a form or a phone book writes it, it is the same person's number."""
    assert identifier("phone", spelling) == Identifier(IdentifierType.PHONE, "+8613800138000")


def test_a_number_from_abroad_is_read_at_home() -> None:
    """A shop in Hong Kong writes numbers without country code, too."""
    assert identifier("phone", "5123 4567", default_region="HK").value == "+85251234567"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Zhang.San@Example.CN ", "zhang.san@example.cn"),
        ("li@例子.中国", "li@xn--fsqu00a.xn--fiqs8s"),
        ("li@xn--fsqu00a.xn--fiqs8s", "li@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_an_email_address_is_lower_case_with_an_ascii_domain(written: str, kept: str) -> None:
    """Mail servers take them for one address, so do we."""
    assert identifier("email", written).value == kept


def test_a_member_code_sent_as_a_number_is_the_same_as_its_text() -> None:
    """Tills send digits, apps send text; the customer is one."""
    assert identifier("member_code", 2100000000000000001) == identifier("member_code", " 2100000000000000001 ")


def test_an_openid_keeps_its_app_and_its_letters() -> None:
    """The same value under two apps is two people, and OpenIDs are case-sensitive."""
    assert identifier("openid", "wx1a2b:oAbC-_9") == Identifier(IdentifierType.OPENID, "wx1a2b:oAbC-_9")


def test_composed_and_decomposed_letters_are_one() -> None:
    """Phones and computers disagree about accents; the customer does not care."""
    assert identifier("member_code", unicodedata.normalize("NFD", "José")) == identifier("member_code", "José")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("member_code", ""),
        ("member_code", "   "),
        ("member_code", None),
        ("member_code", "null"),
        ("anonymous", "Undefined"),
        ("anonymous", "[object Object]"),
        ("member_code", 0),
        ("member_code", "匿名"),
        ("device", "00000000-0000-0000-0000-000000000000"),
        ("device", "9774d56d682e549c"),
        ("openid", "wx1:undefined"),
        ("phone", ""),
        ("phone", "00000000000"),
        ("email", "null"),
    ],
)
def test_what_names_nobody_is_refused_as_blank(kind: str, value: object) -> None:
    """A placeholder taken for an identifier would join thousands of strangers into one profile."""
    with pytest.raises(BlankIdentifierError) as refusal:
        identifier(kind, value)
    assert refusal.value.field == kind


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("member_code", 12.5),
        ("member_code", True),
        ("member_code", ["a"]),
        ("member_code", "a\x00b"),
        ("member_code", "x" * 513),
        ("member_code", 10**600),
        ("phone", "12345"),
        ("phone", "not a phone"),
        ("phone", "1" * 600),
        ("phone", 138.5),
        ("email", "zhang"),
        ("email", "zhang@shop"),
        ("email", "a b@x.cn"),
        ("email", "li@-\u0301.cn"),
        ("openid", "oAbC"),
        ("openid", "wx1:"),
        ("marketplace_buyer", ":buyer"),
    ],
)
def test_what_cannot_be_an_identifier_is_refused_without_repeating_it(kind: str, value: object) -> None:
    """The error helps the sender and gives nobody's data away."""
    with pytest.raises(IdentifierError) as refusal:
        identifier(kind, value)
    assert refusal.value.field == kind
    assert not isinstance(refusal.value, BlankIdentifierError)
    assert str(value) not in refusal.value.detail


def test_an_unknown_kind_is_told_the_known_ones() -> None:
    """The sender can mend it without asking."""
    with pytest.raises(IdentifierError, match="member_code, unionid, national_id, phone") as refusal:
        identifier("passport", "E123")
    assert refusal.value.field == "type"
    assert refusal.value.code == "identifier.invalid"


def test_the_kinds_are_ranked_by_reliability() -> None:
    """A member code names a customer before a phone does, and anything before a cookie."""
    assert [kind.rank for kind in IdentifierType] == list(range(1, 11))
    code, phone, cookie = (
        identifier("member_code", "z"),
        identifier("phone", "13800138000"),
        identifier("anonymous", "a"),
    )
    assert sorted([cookie, phone, code]) == [code, phone, cookie]
    assert code < phone <= identifier("phone", "+8613800138000")
    assert cookie > phone >= identifier("phone", "+8613800138000")
    assert identifier("member_code", "a") < code


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13800130000", "138****0000"),
        ("phone", "+447400123456", "+447****56"),
        ("email", "zhang@x.cn", "z***@x.cn"),
        ("openid", "wx1:oAbCdEfGhIj", "wx1:oA***Ij"),
        ("member_code", "M1", "***"),
        ("member_code", "MEMBER0042", "ME***42"),
    ],
)
def test_a_mask_is_recognised_by_those_who_know_it(kind: str, value: str, shown: str) -> None:
    """Staff can tell customers apart without reading their data."""
    assert masked(identifier(kind, value)) == shown
    assert value not in str(identifier(kind, value))


@given(kind=st.sampled_from([kind.value for kind in IdentifierType]), raw=st.text(max_size=40) | st.integers())
def test_normalising_twice_equals_once(kind: str, raw: object) -> None:
    """A value that went through Koi and comes back names the same customer."""
    try:
        once = identifier(kind, raw)
    except IdentifierError:
        return
    assert identifier(kind, once.value) == once


@given(local=st.emails())
def test_normalising_an_email_twice_equals_once(local: str) -> None:
    """Likewise for all that the standard allows."""
    try:
        once = identifier("email", local)
    except IdentifierError:
        return
    assert identifier("email", once.value) == once
    assert identifier("email", local.upper()) == once
