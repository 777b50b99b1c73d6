"""Templates: the wording of a message per language, with places for values."""

import string
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from domain.kernel.errors import DomainError, InvalidInputError

Value = str | int | float | bool | None

# What a message can say about its coupon, whatever the fact that led to it was like.
COUPON_PLACES = frozenset({"coupon_code", "coupon_value", "coupon_threshold", "coupon_currency", "coupon_expires"})
PERSONAL_PREFIX = "customer."  # places filled from the customer's profile when the message is sent, and never stored


class TemplateError(InvalidInputError):
    """A template cannot be read."""

    code: ClassVar[str] = "template.invalid"


class MissingValueError(DomainError):
    """A place of the template has no value."""

    code: ClassVar[str] = "template.missing_value"


class _Places(string.Template):
    # ${coupon_value}, ${cart.total}, ${customer.first_name}; a dollar sign is written $$.
    idpattern = r"(?a:[_a-z][_a-z0-9]*)"
    braceidpattern = r"(?a:[_a-z0-9][_a-z0-9. -]*)"


class Wording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message in one language; `${name}` is a place for a value. `subject` is empty where the channel has none."""

    text: str
    subject: str = ""

    def places(self) -> set[str]:
        """Return the names of its places."""
        return set(_Places(self.subject).get_identifiers()) | set(_Places(self.text).get_identifiers())


# By template key, then by language (zh, en).
Templates = dict[str, dict[str, Wording]]


def parse(data: Mapping[str, Any]) -> Templates:
    """Read `{key: {language: {"subject": ..., "text": ...}}}`; raises `TemplateError` naming the template at fault."""
    return {str(key): _variants(str(key), variants) for key, variants in data.items()}


def chosen(variants: Mapping[str, Wording], languages: tuple[str, ...]) -> Wording:
    """Return the wording in the first language there is one for (`zh-CN` finds `zh`), else the template's first."""
    for language in languages:
        for name in (language, language.replace("_", "-").split("-")[0].lower()):
            if name in variants:
                return variants[name]
    return next(iter(variants.values()))


def places_of(templates: Templates) -> set[str]:
    """Return the places of all wordings."""
    return {place for variants in templates.values() for wording in variants.values() for place in wording.places()}


def render(wording: Wording, values: Mapping[str, Value]) -> tuple[str, str]:
    """Return subject and text with all places filled; raises `MissingValueError` naming those without a value."""
    missing = sorted(place for place in wording.places() if values.get(place) is None)
    if missing:
        raise MissingValueError(f"nothing is known for {', '.join(missing)}", field=missing[0])
    words = {name: _said(value) for name, value in values.items()}
    subject = _Places(wording.subject).substitute(words)
    # A line break in a subject would be a header of its own.
    return " ".join(subject.split()), _Places(wording.text).substitute(words)


def _variants(key: str, variants: object) -> dict[str, Wording]:
    try:
        wordings = msgspec.convert(variants, dict[str, Wording])
    except msgspec.ValidationError as error:
        raise TemplateError(f"template {key}: {error}", field=f"templates.{key}") from None
    if not wordings:
        raise TemplateError(f"template {key}: it needs a wording in some language", field=f"templates.{key}")
    for language, wording in wordings.items():
        if not (_Places(wording.subject).is_valid() and _Places(wording.text).is_valid()):
            detail = f"template {key} ({language}): a place is ${{name}}, a dollar sign $$"
            raise TemplateError(detail, field=f"templates.{key}.{language}")
    return wordings


def _said(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
