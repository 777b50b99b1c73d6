"""Money: exact, bounded, and refused with words when it cannot be."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.money import MoneyError, currency, minor_units


@pytest.mark.parametrize(
    ("amount", "code", "units"),
    [
        ("19.90", "CNY", 1990),
        (19.9, "CNY", 1990),
        (5, "CNY", 500),
        ("-3.5", "CNY", -350),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        (Decimal("0.005"), "CNY", 0),
        (Decimal("0.015"), "CNY", 2),
        (" 7 ", "USD", 700),
    ],
)
def test_an_amount_becomes_minor_units_of_its_currency(amount: object, code: str, units: int) -> None:
    """Yuan have a hundred fen, yen none, dinars a thousand fils; halves are rounded to even."""
    assert minor_units(amount, code) == units


@pytest.mark.parametrize("amount", ["", "abc", "NaN", "Infinity", "1e999999", "9007199254740993", None, True, [1]])
def test_what_cannot_be_kept_exactly_is_refused_at_once(amount: object) -> None:
    """Neither a word nor an exponent that would take seconds to write out gets through."""
    with pytest.raises(MoneyError) as caught:
        minor_units(amount, "CNY")
    assert caught.value.field == "amount"


@given(st.integers(-(2**53), 2**53))
def test_every_amount_of_fen_survives_the_way_through_yuan(fen: int) -> None:
    """Written as a decimal and read again it is the same."""
    assert minor_units(str(Decimal(fen).scaleb(-2)), "CNY") == fen


@pytest.mark.parametrize("code", ["", "YUAN", "C1Y", "¥", None])
def test_a_currency_is_three_letters(code: object) -> None:
    """ISO 4217, in capitals."""
    assert currency(" cny ") == "CNY"
    with pytest.raises(MoneyError):
        currency(code)
