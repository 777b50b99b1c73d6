"""The declared model of a linkage: which columns are compared how, and which pairs are looked at; data, not code."""

import tomllib
from importlib import resources
from typing import Literal

import msgspec

from domain.kernel.errors import InvalidInputError
from workers.linkage.comparing import KINDS


class ModelError(InvalidInputError):
    """A linkage model that cannot be: the field says where, the words what would be right."""

    code = "linkage.model_invalid"


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column and how it is compared; a `common` value (王芳, Beijing) counts less than a rare one."""

    name: str
    kind: str
    common: bool = False


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A linkage model.

    `link`: within one table ("dedupe") or between two ("between"). A pair is looked at if one of the rules of `look_at`
    (columns or SQL expressions that must be equal) holds; the model learns from the pairs of each rule of `learn_from`
    in turn. `weight` is the least match weight (bits) of a pair that is kept; `expected` how many partners a record has
    on average, to begin with. `auto_accept`: the probability from which on nobody is asked (see `people.toml`).
    """

    name: str
    link: Literal["dedupe", "between"]
    columns: tuple[Column, ...]
    look_at: tuple[tuple[str, ...], ...]
    learn_from: tuple[tuple[str, ...], ...]
    weight: float
    expected: float = 0.05
    auto_accept: float | None = None


def read_model(name: str) -> Model:
    """Return a model that comes with Koi; raises `ModelError` naming what is wrong with it."""
    return parse(resources.files(__package__).joinpath("models", f"{name}.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Model:
    """Return the model that a TOML text declares; raises `ModelError`."""
    try:
        model = msgspec.convert(tomllib.loads(text), Model)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"this is not TOML: {error}") from None
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$.")
        raise ModelError(words, field=place.rstrip("`") or None) from None
    for index, column in enumerate(model.columns):
        if column.kind not in KINDS:
            raise ModelError(f"a kind is one of {', '.join(KINDS)}", field=f"columns[{index}].kind")
    return model
