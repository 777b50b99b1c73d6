"""The kinds of models in words: `kinds.toml`, checked as it is read."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in Chinese and English."""

    zh: str
    en: str


class KindOfModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind: its name, whether it says a number or a label, what that means, and its further numbers.

    `money` names the numbers that are money in minor units (fen), "" the first one.
    """

    zh: str
    en: str
    says: Literal["number", "label"]
    meaning: Words
    money: tuple[str, ...] = ()
    further: dict[str, Words] = {}


@cache
def kinds() -> dict[str, KindOfModel]:
    """Return all kinds by name."""
    content = files("domain.scoring").joinpath("kinds.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(content), dict[str, KindOfModel])
