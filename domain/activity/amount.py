"""The money of an activity: which property holds it, in integer minor units."""

import re
from typing import Any, Final

from domain.activity.vocabulary import Kind
from domain.cleaning.amounts import amount_text
from domain.cleaning.rules import shipped
from domain.kernel import money

# An exponent in a text would let six characters ask for a million digits.
_DECIMAL: Final = re.compile(r"\s*[+-]?(?:\d{1,24}(?:\.\d{0,24})?|\.\d{1,24})\s*\Z", re.ASCII)

_LONGEST: Final = 64
_COLLOQUIAL: Final = {"RMB": "CNY", "¥": "CNY", "元": "CNY", "人民币": "CNY"}


def amount_of(
    kind: Kind, properties: dict[str, Any], default_currency: str, *, section: str = "properties"
) -> tuple[int | None, str | None]:
    """Return the amount in minor units (fen) and its ISO 4217 currency, (None, None) if the activity moves no money.

    A refund's amount is positive whatever sign it was sent with; `kind.purchase` tells which way it counts. Raises
    `MoneyError` for a purchase or refund whose amount or currency is wrong, naming the field within `section`;
    elsewhere such a value is no money at all.
    """
    for field in kind.amount:
        value = properties.get(field)
        if value is not None and value != "":
            try:
                return _exact(kind, value, properties.get(kind.currency) or default_currency)
            except money.MoneyError as error:
                if not kind.purchase:
                    return None, None
                place = kind.currency if error.field == "currency" else field
                raise money.MoneyError(error.detail, field=f"{section}.{place}") from None
    return None, None


def _exact(kind: Kind, value: object, currency: object) -> tuple[int, str]:
    code = money.currency(_COLLOQUIAL.get(str(currency).strip().upper(), currency))
    amount = _units(value, code)
    if kind.purchase > 0 and amount < 0:
        raise money.MoneyError("a purchase is not negative: send a refund", field="amount")
    return (abs(amount) if kind.purchase else amount), code


def _units(value: object, code: str) -> int:
    if isinstance(value, str) and not _DECIMAL.match(value):
        plain = amount_text(value, code, shipped().money) if len(value) <= _LONGEST else None
        if plain is None:
            raise money.MoneyError("an amount is a decimal such as 19.90, or ¥1,299.00 in yuan", field="amount")
        return money.minor_units(plain, code)
    return money.minor_units(value, code)
