"""Families: tags that differ by a window, an activity or a category are declared once and expanded, purely."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

# A place to fill: {window}, {window.zh}, {lists.purchases}.
_PLACE: Final = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)*)\}")
_KEY: Final = "key"


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tag, or a family of tags, as a file of the catalogue writes it.

    `each` names parameters and which of their entries it is for (`*`: all); every text in the rest may name them.
    `rule` stands for a boolean that is true where it holds.
    """

    key: str
    zh: str
    en: str
    meaning_zh: str
    meaning_en: str
    type: str
    unit: str = ""
    value: Any = None
    rule: Any = None
    labels: dict[str, dict[str, str]] = {}
    each: dict[str, list[str]] = {}
    owner: str = ""
    version: int = 1


Parameters = Mapping[str, Mapping[str, Mapping[str, Any]]]


class FamilyError(ValueError):
    """A file of the catalogue names a parameter that is not declared."""


def expanded(declared: Declared, parameters: Parameters) -> Iterator[Declared]:
    """Yield the tags that a declaration stands for: one for each combination of its parameters."""
    names = list(declared.each)
    for keys in itertools.product(*(_entries(name, declared.each[name], parameters) for name in names)):
        chosen = {name: {_KEY: key, **parameters[name][key]} for name, key in zip(names, keys, strict=True)}
        filled = _filled(msgspec.structs.asdict(declared) | {"each": {}}, {**parameters, **chosen})
        yield Declared(**filled)


def _entries(name: str, wanted: Sequence[str], parameters: Parameters) -> Sequence[str]:
    if name not in parameters:
        raise FamilyError(f"{name} is no parameter; there are {', '.join(sorted(parameters))}")
    known = parameters[name]
    if "*" in wanted:
        left_out = {one.removeprefix("-") for one in wanted}
        return [key for key in known if key not in left_out]
    if unknown := [key for key in wanted if key not in known]:
        raise FamilyError(f"{name} has no {', '.join(unknown)}")
    return wanted


def _filled(node: Any, chosen: Mapping[str, Any]) -> Any:
    match node:
        case str():
            return _text(node, chosen)
        case dict():
            filled = {_filled(key, chosen): _filled(value, chosen) for key, value in node.items()}
            return {key: value for key, value in filled.items() if value is not None or node[key] is None}
        case list() | tuple():
            return [_filled(one, chosen) for one in node]
    return node


def _text(text: str, chosen: Mapping[str, Any]) -> Any:
    whole = _PLACE.fullmatch(text)
    if whole:
        return _found(whole.group(1), chosen)
    return _PLACE.sub(lambda place: str(_found(place.group(1), chosen)), text)


def _found(path: str, chosen: Mapping[str, Any]) -> Any:
    """Return what a place stands for: an entry by itself is its key, a part that it does not have is nothing."""
    value: Any = chosen
    for step in path.split("."):
        if not isinstance(value, Mapping):
            raise FamilyError(f"there is no {path}")
        if value is chosen and step not in chosen:
            raise FamilyError(f"{step} is no parameter of this tag")
        value = value.get(step)
    return value[_KEY] if isinstance(value, Mapping) and _KEY in value else value
