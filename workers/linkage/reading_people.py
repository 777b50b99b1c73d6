"""The values that tell people apart, as sources spell them in attributes and identifiers, in one form to compare."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

_NAMES: Final = ("name", "full_name", "real_name", "customer_name", "member_name", "姓名")
_BIRTHDAYS: Final = ("birthday", "birth_date", "date_of_birth", "dob", "生日", "出生日期")
_SEXES: Final = ("sex", "gender", "性别")
_CITIES: Final = ("city", "城市", "region", "address_city")
_ADDRESSES: Final = ("address", "地址", "street_address", "detail_address")
_PHONES: Final = ("phone", "mobile", "手机", "手机号")
_EMAILS: Final = ("email", "邮箱")

# 王先生, 李女士, 张小姐: a family name and a form of address say nothing about who it is.
_TITLED: Final = re.compile(r"(?:先生|女士|小姐|太太|老师|师傅|经理)$")
_NOT_IN_NAMES: Final = re.compile(r"[\s·・.•\-_*＊]+")
_MASKED: Final = re.compile(r"[*＊]")
_DATE: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})")
_FEMALE: Final = frozenset({"f", "female", "女", "女性", "w", "woman", "2"})
_MALE: Final = frozenset({"m", "male", "男", "男性", "man", "1"})
_CITY_ENDING: Final = re.compile(r"(?<=..)(?:市|地区|自治州|盟)$")


def column_of(attributes: Mapping[str, Any], column: str) -> str | None:
    """Return a column's value in the form in which it is compared, None where it is not known."""
    keys, normalised = _COLUMNS[column]
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, str | int) and (found := normalised(unicodedata.normalize("NFKC", str(value)).strip())):
            return found
    return None


def name(text: str) -> str | None:
    """Return a name without spaces, dots and capitals; None for a form of address or a masked name."""
    if _MASKED.search(text) or _TITLED.search(text):
        return None
    clean = _NOT_IN_NAMES.sub("", text).casefold()
    return clean if len(clean) > 1 else None


def birthday(text: str) -> str | None:
    """Return YYYYMMDD; None for what is no date of a living person, or the day that forms fill in by themselves."""
    found = _DATE.match(text)
    if not found:
        return None
    try:
        day = date(*map(int, found.groups()))
    except ValueError:
        return None
    is_filled_in = day in {date(1900, 1, 1), date(1970, 1, 1), date(2000, 1, 1)}
    return None if is_filled_in or day.year < date(1900, 1, 2).year else f"{day:%Y%m%d}"


def sex(text: str) -> str | None:
    """Return f or m."""
    word = text.casefold()
    return "f" if word in _FEMALE else "m" if word in _MALE else None


def city(text: str) -> str | None:
    """Return the city without 市."""
    return _CITY_ENDING.sub("", text.casefold()) or None


def address(text: str) -> str | None:
    """Return the address without spaces."""
    return re.sub(r"\s+", "", text.casefold()) or None


def phone(text: str) -> str | None:
    """Return the digits, a Chinese number without its country code."""
    digits = re.sub(r"\D", "", text.removeprefix("+86"))
    return digits if len(digits) >= len("1234567") else None


def email(text: str) -> str | None:
    """Return the address in small letters."""
    return text.casefold() if "@" in text else None


_COLUMNS: Final = {
    "name": (_NAMES, name),
    "birthday": (_BIRTHDAYS, birthday),
    "sex": (_SEXES, sex),
    "city": (_CITIES, city),
    "address": (_ADDRESSES, address),
    "phone": (_PHONES, phone),
    "email": (_EMAILS, email),
}
ATTRIBUTES: Final = frozenset(key for keys, _ in _COLUMNS.values() for key in keys)
