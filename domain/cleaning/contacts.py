"""Phone numbers, e-mail addresses and regions as people and sources write them."""

from domain.cleaning.reading import Reading
from domain.cleaning.rules import Rules
from domain.cleaning.texts import even
from domain.context.addresses import addresses
from domain.context.former_regions import former_regions
from domain.context.regions import regions
from domain.identity.identifier import BlankIdentifierError, IdentifierError, identifier

_CODE_DIGITS = (2, 4, 6)


def phone(value: object, _: Rules) -> Reading:
    """Return the number in E.164, one without country code read as a Chinese one."""
    return _identified("phone", even(value))


def email(value: object, rules: Rules) -> Reading:
    """Return the address in lower case, endings that no address has put right."""
    text = even(value)
    if text is None:
        return Reading.refused("email.no_text")
    text = text.replace(" ", "").removeprefix("mailto:").strip(".").lower()
    if text in rules.email.placeholders:
        return Reading.nothing("email.placeholder")
    local, dot, ending = text.rpartition(".")
    if dot and ending in rules.email.endings:
        mended = _identified("email", f"{local}.{rules.email.endings[ending]}")
        return Reading(rule="email.ending", value=mended.value) if mended.value else mended
    return _identified("email", text)


def region(value: object, _: Rules) -> Reading:
    """Return the division code of a code or a name; one of former years becomes what it is today."""
    text = even(value)
    if text is None:
        return Reading.refused("region.no_text")
    if not text:
        return Reading.nothing("region.blank")
    return _coded(text) if text.isascii() and text.isdigit() else _named(text)


def _coded(text: str) -> Reading:
    if len(text) in _CODE_DIGITS:
        if (known := regions().get(text)) is not None:
            return Reading(rule="region.code", value=known.code)
        resolved = former_regions().resolve(text.ljust(_CODE_DIGITS[-1], "0"))
        if resolved.code is not None:
            return Reading(rule="region.former", value=resolved.code)
    return Reading.refused("region.no_code")


def _named(text: str) -> Reading:
    placed = addresses().placed(text)
    if placed.code is None:
        return Reading.refused("region.ambiguous" if placed.is_ambiguous else "region.not_found")
    return Reading(rule="region.name", value=placed.code)


def _identified(kind: str, text: str | None) -> Reading:
    if text is None:
        return Reading.refused(f"{kind}.no_text")
    try:
        return Reading(rule=f"{kind}.spelling", value=identifier(kind, text).value)
    except BlankIdentifierError:
        return Reading.nothing(f"{kind}.blank")
    except IdentifierError:
        return Reading.refused(f"{kind}.invalid")
