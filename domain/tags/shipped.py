"""The catalogue that comes with Koi: `catalogue/*.toml`, families expanded, checked as it is read."""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final, get_args

import msgspec

from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import Case, Constant, Rule, Value, When
from domain.products import category_groups
from domain.tags.definition import Definition, Group, Type, Words
from domain.tags.families import Declared, Parameters, expanded
from domain.tags.lineage import freshness_of

_PARAMETERS: Final = "parameters.toml"


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """The groups in their order, the tags by key in the order of the files, and the names of units."""

    groups: Mapping[str, Group]
    tags: Mapping[str, Definition]
    units: Mapping[str, Words]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the catalogue: one group. `order` is its place among the groups, `owner` whose its tags are."""

    group: str
    order: int
    zh: str
    en: str
    owner: str
    tag: list[Declared]


class CatalogueError(ValueError):
    """A file of the catalogue is wrong; the words say which tag."""


@functools.cache
def shipped() -> Shipped:
    """Return the catalogue that comes with Koi, read once."""
    folder = resources.files(__package__).joinpath("catalogue")
    parameters = tomllib.loads(folder.joinpath(_PARAMETERS).read_text(encoding="utf-8"))
    files = [
        msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _File)
        for file in folder.iterdir()
        if file.name.endswith(".toml") and file.name != _PARAMETERS
    ]
    files.sort(key=lambda file: file.order)
    tags: dict[str, Definition] = {}
    for definition in _definitions(files, {**parameters, "category": _categories()}):
        if tags.setdefault(definition.key, definition) is not definition:
            raise CatalogueError(f"two tags are called {definition.key}")
    groups = {file.group: Group(key=file.group, name=Words(zh=file.zh, en=file.en)) for file in files}
    units = {key: Words(**words) for key, words in parameters["unit"].items()}
    return Shipped(groups=groups, tags=_fresh(tags), units=units)


def _fresh(tags: Mapping[str, Definition]) -> dict[str, Definition]:
    """Return the tags with their freshness, which follows from what they are made of."""
    definitions = Definitions(tags={key: one.value for key, one in tags.items()})
    return {
        key: msgspec.structs.replace(one, freshness=freshness_of(resolve(one.value, definitions)))
        for key, one in tags.items()
    }


def _categories() -> Mapping[str, Mapping[str, Any]]:
    """Return the groups of categories that tags are made for: the broad ones say too little."""
    groups = category_groups.declared().groups.items()
    return {key: {"zh": group.zh, "en": group.en} for key, group in groups if not group.broad}


def _definitions(files: list[_File], parameters: Parameters) -> Iterator[Definition]:
    for file in files:
        for declared in file.tag:
            for one in expanded(declared, parameters):
                yield _definition(one, file)


def _definition(declared: Declared, file: _File) -> Definition:
    try:
        return Definition(
            key=declared.key,
            group=file.group,
            name=Words(zh=declared.zh, en=declared.en),
            meaning=Words(zh=declared.meaning_zh, en=declared.meaning_en),
            type=_one_of(declared.type, Type),
            value=_value(declared),
            unit=declared.unit,
            labels={value: Words(**words) for value, words in declared.labels.items()},
            owner=declared.owner or file.owner,
            version=declared.version,
        )
    except (msgspec.ValidationError, ValueError) as error:
        raise CatalogueError(f"{declared.key}: {error}") from error


def _value(declared: Declared) -> Value:
    if declared.rule is not None:
        return boolean(msgspec.convert(declared.rule, Rule))
    value: Value = msgspec.convert(declared.value, Value)
    return value


def boolean(rule: Rule) -> Case:
    """Return the value that is true where a rule holds, and false elsewhere."""
    return Case(cases=(When(rule=rule, then=Constant(value=True)),), otherwise=Constant(value=False))


def _one_of(text: str, choice: Any) -> Any:
    if text not in get_args(choice):
        raise ValueError(f"{text} is none of {', '.join(get_args(choice))}")
    return text
