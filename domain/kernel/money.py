"""Money: integer minor units (fen, cents) with an ISO 4217 currency; never a float."""

import decimal
import re

from domain.kernel.errors import InvalidInputError

# ISO 4217 currencies whose minor unit is not a hundredth (https://www.iso.org/iso-4217-currency-codes.html).
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_LARGEST = 2**53
_MOST_DIGITS = 18


class MoneyError(InvalidInputError):
    """An amount or a currency that cannot be kept exactly."""

    code = "money.invalid"


def currency(code: object) -> str:
    """Return the ISO 4217 code in capitals; raises `MoneyError` for anything else."""
    text = str(code).strip().upper()
    if not _CURRENCY.match(text):
        msg = "a currency is three letters of ISO 4217, such as CNY"
        raise MoneyError(msg, field="currency")
    return text


def exponent(code: str) -> int:
    """How many decimal places the currency's minor unit has (CNY 2, JPY 0, KWD 3)."""
    return _EXPONENTS.get(code, 2)


def minor_units(amount: object, code: str) -> int:
    """Convert a decimal amount of major units (yuan) to integer minor units (fen).

    Text and `Decimal` are taken exactly; a float is read by its shortest text, so 19.9 is 1990 fen. A part smaller than
    the minor unit is rounded half to even. Raises `MoneyError` for what is no finite number.
    """
    if isinstance(amount, bool) or not isinstance(amount, str | int | float | decimal.Decimal):
        msg = "an amount is a number or a decimal text such as 19.90"
        raise MoneyError(msg, field="amount")
    try:
        value = decimal.Decimal(str(amount).strip())
    except decimal.InvalidOperation:
        msg = "an amount is a number or a decimal text such as 19.90"
        raise MoneyError(msg, field="amount") from None
    # Looked at before any arithmetic: 1e999999 would take seconds to write out.
    if not value.is_finite() or value.adjusted() > _MOST_DIGITS:
        msg = "an amount is finite, and at most 2^53 minor units, so that it can be kept exactly"
        raise MoneyError(msg, field="amount")
    if value.adjusted() < -_MOST_DIGITS:
        return 0
    units = int(value.scaleb(exponent(code)).to_integral_value(rounding=decimal.ROUND_HALF_EVEN))
    if abs(units) > _LARGEST:
        msg = "an amount is finite, and at most 2^53 minor units, so that it can be kept exactly"
        raise MoneyError(msg, field="amount")
    return units
