"""JSON as nodes, with everything that is wrong: what has not the right form is told, and the rest is gone through."""

import functools
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from domain.kernel.rules import tree
from domain.kernel.rules.checks.finding import Finding, Surroundings, among, foreign, shortened, unknown
from domain.kernel.rules.checks.fitting import findings
from domain.kernel.rules.known import Known

_MOST_NODES: Final = 2_000
_DEEPEST: Final = 32
_MOST_FINDINGS: Final = 100
_TAG: Final = "type"
_WORDS: Final[dict[object, str]] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    datetime: "an instant with its zone, such as 2026-11-11T00:00:00+08:00",
    types.NoneType: "null",
}


class _Shape(NamedTuple):
    """What a place may hold: nodes, lists of nodes, or plain values."""

    nodes: Mapping[str | None, type[msgspec.Struct]]
    listed: "_Shape | None"
    plain: tuple[Any, ...]


class Parser:
    """Goes through one JSON value; `found` are all findings, with their whole place."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._count = 0
        self._room = {False: _MOST_FINDINGS, True: _MOST_FINDINGS}
        self.found: list[Finding] = []

    def node(self, data: object, union: object, place: str) -> Any:
        """Return the node that the JSON is, None where something in it has not the right form."""
        return self._parsed(data, _shape(union), place, Surroundings(self._known), 1)

    def _parsed(self, data: object, shape: _Shape, place: str, around: Surroundings, depth: int) -> Any:
        if isinstance(data, Mapping) and shape.nodes:
            return self._structure(data, shape, place, around, depth)
        if isinstance(data, list | tuple) and shape.listed is not None:
            of = shape.listed
            parsed = [self._parsed(one, of, _join(place, index), around, depth) for index, one in enumerate(data)]
            return tuple(parsed) if all(one is not _BAD for one in parsed) else _BAD
        try:
            if shape.plain:
                return msgspec.convert(data, typing.Union[shape.plain], strict=True)  # noqa: UP007 - of a tuple
        except msgspec.ValidationError:
            pass
        return self._bad(place, f"must be {_expected(shape)}, and is {_told(data)}")

    def _structure(self, data: Mapping[Any, Any], shape: _Shape, place: str, around: Surroundings, depth: int) -> Any:
        self._count += 1
        if depth > _DEEPEST:
            return self._bad(place, f"is nested more than {_DEEPEST} deep: give a part its own segment or tag")
        if self._count > _MOST_NODES:
            is_first = self._count == _MOST_NODES + 1
            beyond = f"has more than {_MOST_NODES} parts: give some their own segment"
            return self._bad(place, beyond) if is_first else _BAD
        kind = self._kind(data, shape, place)
        if kind is None:
            return _BAD
        given = {name: value for name, value in data.items() if name != _TAG or _TAG in kind.__struct_fields__}
        fields = self._fields(kind, given, place, around, depth)
        if fields is None:
            return _BAD
        made = kind(**fields)
        self._find(one._replace(place=_join(place, one.place)) for one in findings(made, around))
        return made

    def _kind(self, data: Mapping[Any, Any], shape: _Shape, place: str) -> type[msgspec.Struct] | None:
        if None in shape.nodes:
            return shape.nodes[None]
        named = data.get(_TAG)
        if isinstance(named, str) and named in shape.nodes:
            return shape.nodes[named]
        if not isinstance(named, str):
            self._bad(_join(place, _TAG), f"every part has a type: {', '.join(filter(None, shape.nodes))}")
        else:
            names = [name for name in shape.nodes if name]
            self._find(among(unknown(_join(place, _TAG), "such part here as", named, names)))
        return None

    def _fields(
        self, kind: type[msgspec.Struct], given: Mapping[Any, Any], place: str, around: Surroundings, depth: int
    ) -> dict[str, Any] | None:
        shapes, required = _fields_of(kind)
        is_good = True
        for name in sorted(map(str, given.keys() - shapes.keys())):
            self._find(foreign(_join(place, shortened(name)), _name(kind), name, list(shapes)))
            is_good = False
        for name in sorted(required - given.keys()):
            self._bad(_join(place, name), f"is missing: must be {_expected(shapes[name])}")
            is_good = False
        parsed = {}
        for name, shape in shapes.items():
            if name in given:
                here = around._replace(fields_of=_level(given)) if name == "where" else around
                parsed[name] = self._parsed(given[name], shape, _join(place, name), here, depth + 1)
        return parsed if is_good and all(one is not _BAD for one in parsed.values()) else None

    def _bad(self, place: str, detail: str) -> object:
        self._find(iter([Finding(place, detail)]))
        return _BAD

    def _find(self, more: Iterator[Finding]) -> None:
        """Note findings, as many of either kind as anybody reads; beyond enough problems none is even looked for."""
        while self._room[False]:
            found = next(more, None)
            if found is None:
                return
            if self._room[found.is_warning]:
                self._room[found.is_warning] -= 1
                self.found.append(found)


_BAD: Final = object()


def is_bad(parsed: object) -> bool:
    """Say whether a result of the parser is none."""
    return parsed is _BAD


@functools.cache
def _fields_of(kind: type[msgspec.Struct]) -> tuple[dict[str, _Shape], frozenset[str]]:
    hints = typing.get_type_hints(kind, vars(tree))
    fields = msgspec.structs.fields(kind)
    return {one.name: _shape(hints[one.name]) for one in fields}, frozenset(one.name for one in fields if one.required)


def _shape(annotation: object) -> _Shape:
    nodes: dict[str | None, type[msgspec.Struct]] = {}
    listed: _Shape | None = None
    plain: list[Any] = []
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            nodes[_name(option) if option.__struct_config__.tag_field else None] = option
        elif typing.get_origin(option) is tuple and _holds_nodes(option):
            listed = _shape(typing.get_args(option)[0])
        else:
            plain.append(option)
    return _Shape(nodes, listed, tuple(plain))


def _options(annotation: object) -> tuple[Any, ...]:
    is_union = isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union
    return typing.get_args(annotation) if is_union else (annotation,)


def _holds_nodes(option: object) -> bool:
    return any(
        isinstance(one, type) and issubclass(one, msgspec.Struct) for one in _options(typing.get_args(option)[0])
    )


def _name(kind: type[msgspec.Struct]) -> str:
    tag = kind.__struct_config__.tag
    return tag if isinstance(tag, str) else kind.__name__.lower()


def _level(given: Mapping[Any, Any]) -> tree.Level:
    return "items" if given.get("of") == "items" else "events"


def _join(place: str, inner: object) -> str:
    return ".".join(filter(None, (place, str(inner))))


def _expected(shape: _Shape) -> str:
    words = [_plain_words(one) for one in shape.plain if one is not types.NoneType]
    if None in shape.nodes:
        words.append("an object")
    elif shape.nodes:
        words.append(f"an object with a type ({', '.join(filter(None, shape.nodes))})")
    if shape.listed is not None:
        words.append("a list")
    return " or ".join(words)


def _plain_words(option: Any) -> str:
    if typing.get_origin(option) is typing.Literal:
        return f"one of {', '.join(map(str, typing.get_args(option)))}"
    if typing.get_origin(option) is tuple:
        inner = typing.get_args(option)[0]
        return f"a list of {' or '.join(_plural(_WORDS[one]) for one in _options(inner))}"
    return _WORDS[option]


def _plural(words: str) -> str:
    return f"{words.removeprefix('a ')}s" if words.startswith("a ") else words


def _told(data: object) -> str:
    """Return what kind of value it is; never the value, which may be somebody's."""
    match data:
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
    return "null" if data is None else type(data).__name__
