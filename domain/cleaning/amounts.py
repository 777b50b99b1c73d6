"""Amounts of money as people write them: ¥1,299.00, １９．９０元, 1.2万."""

import decimal
import re
from typing import Final

from domain.cleaning.rules import MoneyRules
from domain.cleaning.texts import even

_PLAIN: Final = re.compile(r"[+-]?(\d{1,24}(\.\d{0,24})?|\.\d{1,24})\Z", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d{0,24})?\Z", re.ASCII)


def amount_text(value: str, currency: str, rules: MoneyRules) -> str | None:
    """Return the amount as plain decimal text in major units of `currency`.

    Signs of the currency go, thousands separators go where they stand right, and words such as 万 multiply. None for
    what is no amount, could be read in two ways, or bears the sign of another currency.
    """
    text = even(value)
    if text is None:
        return None
    text = text.replace(" ", "")
    factor = next((word for word in rules.factors if word in text), "")
    text = text.replace(factor, "", 1)
    minus = text[:1] if text[:1] in ("+", "-") else ""
    bare = _without_signs(text[len(minus) :], currency, rules)
    # ¥-19.90 is written as well as -¥19.90.
    text = bare if not minus else minus + bare
    if _GROUPED.match(text):
        text = text.replace(",", "")
    if not _PLAIN.match(text):
        return None
    return text if not factor else f"{decimal.Decimal(text) * rules.factors[factor]:f}"


def _without_signs(text: str, currency: str, rules: MoneyRules) -> str:
    signs = sorted((one for one, meant in rules.signs.items() if currency in meant), key=len, reverse=True)
    before = next((one for one in signs if text.upper().startswith(one.upper())), "")
    text = text[len(before) :]
    behind = next((one for one in signs if text.upper().endswith(one.upper())), "")
    return text[: len(text) - len(behind)]
