"""Reasons of a prediction as sentences: which feature, what the customer has of it, and which way it weighs."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

from domain.kernel.rules.tree import Scalar
from domain.scoring.core import core_features
from domain.scoring.kinds import Words

_UNITS: Final = {"fen": 100.0}
_OF_SCALE: Final[dict[str, Literal["", "fen", "percent"]]] = {"money": "fen", "share": "percent"}
# Of so many others having less, or more, is worth saying.
_FAR_OUT: Final = 0.75
_NEARLY_ALL: Final = 0.99


class Sentence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a feature is said; `reasons.toml` says what the fields mean."""

    zh: str
    en: str
    zh_none: str = ""
    en_none: str = ""
    unit: Literal["", "fen", "percent"] = ""
    zero: bool = False


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, its value (a number, a word, or nothing), and what it adds to the score or takes from it.

    `below` and `above` are the shares of customers who have less of it, and more; None: not worked out.
    """

    feature: str
    value: Scalar | None = None
    effect: float = 0.0
    below: float | None = None
    above: float | None = None


class ReasonInWords(msgspec.Struct, frozen=True, kw_only=True):
    """A reason and how it is said in both languages; a positive effect raises the score."""

    feature: str
    value: Scalar | None
    effect: float
    zh: str
    en: str


@cache
def sentences() -> dict[str, Sentence]:
    """Return how the features that Koi knows are said: those of `reasons.toml`, and those of the core segments."""
    content = files("domain.scoring").joinpath("reasons.toml").read_text(encoding="utf-8")
    core = {
        key: Sentence(zh=one.zh_reason, en=one.en_reason, unit=_OF_SCALE.get(one.scale, ""))
        for key, one in core_features().items()
    }
    return core | msgspec.convert(tomllib.loads(content), dict[str, Sentence])


def in_words(reason: Reason, names: Mapping[str, Words] | None = None) -> ReasonInWords:
    """Say a reason; features without a sentence are said by their name in `names`, else by their key."""
    sentence = sentences().get(reason.feature)
    if sentence is None:
        name = (names or {}).get(reason.feature, Words(zh=reason.feature, en=reason.feature))
        value = _said(reason.value, "")
        words = Words(zh=f"{name.zh}：{value.zh}", en=f"{name.en}: {value.en}")
    elif sentence.zh_none and (reason.value is None or (not reason.value and not sentence.zero)):
        words = Words(zh=sentence.zh_none, en=sentence.en_none)
    else:
        value = _said(reason.value, sentence.unit)
        words = Words(zh=sentence.zh.format(value=value.zh), en=sentence.en.format(value=value.en))
    beside = _beside(reason)
    zh, en = words.zh + beside.zh, words.en + beside.en
    return ReasonInWords(feature=reason.feature, value=reason.value, effect=reason.effect, zh=zh, en=en)


def read_reasons(stored: list[dict[str, Any]]) -> list[Reason]:
    """Return reasons as a run stored them."""
    return msgspec.convert(stored, list[Reason])


def _beside(reason: Reason) -> Words:
    """Say how that is beside others, where it is far out."""
    for share, zh, en in ((reason.below, "高于", "more than"), (reason.above, "低于", "less than")):
        if share is not None and share >= _FAR_OUT:
            told = f"{min(share, _NEARLY_ALL):.0%}"
            return Words(zh=f"，{zh} {told} 的会员", en=f", {en} {told} of members")
    return Words(zh="", en="")


def _said(value: Scalar | None, unit: str) -> Words:
    """Return a value as people write it; truth values are words, and those differ."""
    match value:
        case None:
            text = "-"
        case bool():
            return Words(zh="是", en="yes") if value else Words(zh="否", en="no")
        case int() | float():
            text = f"{value:.0%}" if unit == "percent" else _number(value / _UNITS.get(unit, 1.0))
        case _:
            text = value
    return Words(zh=text, en=text)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")
