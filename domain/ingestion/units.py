"""The units in which files write money."""

from domain.ingestion.mapping import MappingError
from domain.kernel import money

# Unit: its currency (None: the mapping's), and whether it is the minor one.
_UNITS: dict[str, tuple[str | None, bool]] = {
    "yuan": ("CNY", False),
    "fen": ("CNY", True),
    "dollar": ("USD", False),
    "cent": ("USD", True),
    "euro": ("EUR", False),
    "major": (None, False),
    "minor": (None, True),
}


def currency_of(unit: str, currency: str | None) -> str:
    """Return the ISO 4217 code of an amount in `unit`; "" if nobody says it."""
    return (money.currency(currency) if currency else _UNITS.get(unit, (None, False))[0]) or ""


def factor(unit: str, currency: str | None) -> int:
    """Return how many minor units one `unit` is (100 fen a yuan, 1 fen a fen).

    Raises `MappingError` for an unknown unit or a currency that it is not of.
    """
    if unit not in _UNITS:
        raise MappingError(f"{unit} is no unit of money: one of {', '.join(_UNITS)}", field="unit")
    own, is_minor = _UNITS[unit]
    try:
        code = currency_of(unit, currency)
    except money.MoneyError as error:
        raise MappingError(error.detail, field="currency") from None
    if not code:
        raise MappingError(f"{unit} of which currency? Say currency, such as CNY", field="currency")
    # A cent is a hundredth of many currencies; a fen is Chinese.
    if own not in (None, code) and unit != "cent":
        raise MappingError(f"{unit} is a unit of {own}, and the mapping says {code}", field="currency")
    return 1 if is_minor else 10 ** money.exponent(code)
