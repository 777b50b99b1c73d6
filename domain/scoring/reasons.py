"""Reasons of a prediction as sentences: which feature, what the customer has of it, and which way it weighs."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

from domain.kernel.rules.tree import Scalar
from domain.scoring.kinds import Words

_UNITS: Final = {"fen": 100.0}


class Sentence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a feature is said; `reasons.toml` says what the fields mean."""

    zh: str
    en: str
    zh_none: str = ""
    en_none: str = ""
    unit: Literal["", "fen", "percent"] = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, its value (a number, a word, or nothing), and what it adds to the score or takes from it."""

    feature: str
    value: Scalar | None = None
    effect: float = 0.0


class ReasonInWords(msgspec.Struct, frozen=True, kw_only=True):
    """A reason and how it is said in both languages; a positive effect raises the score."""

    feature: str
    value: Scalar | None
    effect: float
    zh: str
    en: str


@cache
def sentences() -> dict[str, Sentence]:
    """Return how the features that Koi knows are said."""
    content = files("domain.scoring").joinpath("reasons.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(content), dict[str, Sentence])


def in_words(reason: Reason, names: Mapping[str, Words] | None = None) -> ReasonInWords:
    """Say a reason; features without a sentence are said by their name in `names`, else by their key."""
    sentence = sentences().get(reason.feature)
    if sentence is None:
        name = (names or {}).get(reason.feature, Words(zh=reason.feature, en=reason.feature))
        words = Words(zh=f"{name.zh}：{_plain(reason.value)}", en=f"{name.en}: {_plain(reason.value)}")
    elif not reason.value and sentence.zh_none:
        words = Words(zh=sentence.zh_none, en=sentence.en_none)
    else:
        value = _said(reason.value, sentence.unit)
        words = Words(zh=sentence.zh.format(value=value), en=sentence.en.format(value=value))
    return ReasonInWords(feature=reason.feature, value=reason.value, effect=reason.effect, zh=words.zh, en=words.en)


def read_reasons(stored: list[dict[str, Any]]) -> list[Reason]:
    """Return reasons as a run stored them."""
    return msgspec.convert(stored, list[Reason])


def _said(value: Scalar | None, unit: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if unit == "percent":
            return f"{value:.0%}"
        return _plain(value / _UNITS.get(unit, 1.0))
    return _plain(value)


def _plain(value: Scalar | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")
    return value
