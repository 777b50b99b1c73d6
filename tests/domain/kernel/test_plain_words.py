"""Words that stay in clear for good: what names a person is refused, what names a case goes through."""

import pytest

from domain.kernel.plain_words import PersonalWordsError, plain_words


@pytest.mark.parametrize(
    "text",
    [
        "called from 13800138000",
        "手机13800138000核实",
        "+86 138-0013-8000",
        "wrote from li.na@example.cn",
        "showed 11010519491231002X at the counter",
    ],
)
def test_what_names_a_person_is_refused_and_not_repeated(text: str) -> None:
    """The error must not carry it on into logs."""
    with pytest.raises(PersonalWordsError) as refused:
        plain_words(text, "reason")
    assert refused.value.field == "reason"
    assert not any(word in refused.value.detail for word in text.split() if any(map(str.isdigit, word)))


@pytest.mark.parametrize(
    "text",
    [
        "form 118",
        "same person, seen at the counter",
        "order tmall:2100000000000000001",
        "match 0b0e7e7a-1f2e-5c8d-9a61-13800138000a",
        "digest a13812345678b4",
        "2026-11-11 09:30, ticket 4711",
    ],
)
def test_what_names_a_case_goes_through(text: str) -> None:
    """Numbers of orders and digests hold runs of digits that look like phones."""
    assert plain_words(f" {text} ", "reason") == text
