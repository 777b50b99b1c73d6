"""What makes two spellings of an identifier one: the form in which each kind is compared."""

import functools
import re
import unicodedata

import idna
import phonenumbers

from domain.kernel.errors import InvalidInputError

LONGEST = 512
_LARGEST_NUMBER = 10**LONGEST

# What careless clients send for "nobody": as an identifier it would join strangers.
_PLACEHOLDERS = frozenset(
    {
        *("null", "(null)", "undefined", "none", "nil", "nan", "n/a", "-", "-1", "true", "false"),
        *("anonymous", "guest", "unknown", "not set", "(not set)", "not_authenticated", "[object object]"),
        *("distinct_id", "user_id", "userid", "匿名", "游客", "未知", "无"),
    }
)
# Values that whole ranges of devices share: the Android 2.2 bug, masked MAC addresses, the emulator's IMEI.
_SHARED_DEVICES = frozenset({"9774d56d682e549c", "02:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "012345678912345"})
_ZEROS = re.compile(r"[0\-:.\s]+\Z")
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}\Z")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")


class IdentifierError(InvalidInputError):
    """A value cannot be this kind of identifier; the value itself is never repeated in the error."""

    code = "identifier.invalid"


class BlankIdentifierError(IdentifierError):
    """The value names nobody: empty, "null", all zeros and the like."""

    code = "identifier.blank"


def text(raw: object, field: str) -> str:
    """Return trimmed NFC text of at most 512 printable characters; whole numbers become text.

    Raises `BlankIdentifierError` for what names nobody, else `IdentifierError`.
    """
    value = _spelled(raw, field)
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    value = value.strip()
    if not value or value.casefold() in _PLACEHOLDERS or _ZEROS.match(value):
        raise BlankIdentifierError("names nobody: leave it out, or send the real identifier", field=field)
    if len(value) > LONGEST:
        raise IdentifierError(f"must have at most {LONGEST} characters", field=field)
    if not value.isprintable():
        raise IdentifierError("must be printable text, without control characters", field=field)
    return value


def _spelled(raw: object, field: str) -> str:
    if isinstance(raw, str):
        return raw
    if raw is None:
        raise BlankIdentifierError("is null: leave it out, or send the real identifier", field=field)
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < _LARGEST_NUMBER:
        return str(raw)
    raise IdentifierError("must be text (or a whole number, which is read as text)", field=field)


def device(raw: object, field: str) -> str:
    """Return the device id as text; ids that whole ranges of devices share name nobody."""
    value = text(raw, field)
    if value.casefold() in _SHARED_DEVICES:
        raise BlankIdentifierError("is shared by many devices: leave it out", field=field)
    return value


def scoped(raw: object, field: str) -> str:
    """Return `app:value` as sent: an OpenID or a shop's buyer id means nothing without its app or shop."""
    value = text(raw, field)
    app, _, own = value.partition(":")
    if not app.strip() or not own.strip():
        raise IdentifierError("must name its app or shop before a colon, as in wx1a2b3c:oXyz", field=field)
    try:
        text(own, field)
    except BlankIdentifierError:
        raise BlankIdentifierError("names nobody after the colon", field=field) from None
    return value


def email(raw: object, field: str) -> str:
    """Return the address in lower case, its domain as IDNA 2008 (UTS 46) ASCII."""
    local, _, domain = text(raw, field).lower().rpartition("@")
    local = unicodedata.normalize("NFC", local)
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            domain = ""
    if not _LOCAL_PART.match(local) or not _DOMAIN.match(domain):
        raise IdentifierError("must be one e-mail address, as in name@example.cn", field=field)
    return f"{local}@{domain}"


def phone(raw: object, field: str, region: str) -> str:
    """Return the number as E.164; one without country code is read as a number of `region`."""
    value = _spelled(raw, field).strip()
    if not value or value.casefold() in _PLACEHOLDERS or _ZEROS.match(value):
        raise BlankIdentifierError("names nobody: leave it out, or send the real number", field=field)
    number = _e164(value, region) if len(value) <= LONGEST else None
    if number is None:
        raise IdentifierError(
            "must be a phone number in use, international as in +8613800000000 or as dialled at home", field=field
        )
    return number


@functools.lru_cache(maxsize=16_384)
def _e164(value: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
