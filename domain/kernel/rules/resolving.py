"""Resolving: tags and segments that a rule names are put into it, so that it can be judged by itself."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from domain.kernel.errors import InvalidInputError
from domain.kernel.rules.tree import InSegment, Rule, Tag, Value
from domain.kernel.rules.walking import children, inside

N = TypeVar("N", bound=msgspec.Struct)
_PLACES = tuple[tuple[str, str], ...]
_MOST_NODES: Final = 20_000
# Whatever goes through a rule goes as deep in calls, several a level.
_DEEPEST: Final = 64
_SHOWN: Final = 5


class CycleError(InvalidInputError):
    """A tag or a segment is made of itself."""

    code = "rule.cycle"


class UndefinedError(InvalidInputError):
    """A rule names a tag or a segment that does not exist (any more)."""

    code = "rule.undefined"


class TooLargeError(InvalidInputError):
    """What tags and segments come to, all put in, is more, or nested deeper, than can be judged."""

    code = "rule.too_large"


class Definitions(msgspec.Struct, frozen=True, kw_only=True):
    """What tags and segments are, by key. A segment that is a list of people has the rule None: it stays by its key."""

    tags: Mapping[str, Value] = {}
    segments: Mapping[str, Rule | None] = {}


def resolve(node: N, definitions: Definitions) -> N:
    """Return a rule or a value in which no tag stands and no segment but lists.

    Raises `CycleError`, which names the way from a key back to itself, `UndefinedError` and `TooLargeError`.
    """
    resolved: N = _Resolver(definitions).resolved(node, ())
    extent = _extent(resolved, {})
    if extent.size > _MOST_NODES:
        raise TooLargeError(f"with all its tags and segments it has {extent.size} parts, {_MOST_NODES} at most")
    if extent.depth > _DEEPEST:
        raise _too_deep()
    return resolved


def place_at_fault(node: msgspec.Struct, definitions: Definitions, place: str) -> str:
    """Return the dotted path of the first tag or segment in a node that cannot be put in; else that of the node."""
    for path, one in inside(node, place):
        if isinstance(one, Tag | InSegment):
            try:
                resolve(one, definitions)
            except InvalidInputError:
                return f"{path}.key"
    return place


class _Resolver:
    """Resolves each definition once, however often it is named."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._done: dict[tuple[str, str], msgspec.Struct] = {}

    def resolved(self, node: Any, way: _PLACES, depth: int = 0) -> Any:
        """Return the node, resolved; `way` are the definitions it stands in, `depth` says how deep in all of them."""
        if depth > _DEEPEST:
            raise _too_deep(way)
        match node:
            case Tag(key=key):
                return self._defined(("tag", key), node, self._definitions.tags, way, depth)
            case InSegment(key=key):
                return self._defined(("segment", key), node, self._definitions.segments, way, depth)
            case msgspec.Struct():
                return self._rebuilt(node, way, depth)
            case tuple():
                return tuple(self.resolved(one, way, depth) for one in node)
        return node

    def _rebuilt(self, node: msgspec.Struct, way: _PLACES, depth: int) -> msgspec.Struct:
        before = {name: getattr(node, name) for name in node.__struct_fields__}
        after = {name: self.resolved(value, way, depth + 1) for name, value in before.items()}
        changed = {name: value for name, value in after.items() if value is not before[name] and value != before[name]}
        return msgspec.structs.replace(node, **changed) if changed else node

    def _defined(
        self, place: tuple[str, str], node: msgspec.Struct, defined: Mapping[str, Any], way: _PLACES, depth: int
    ) -> msgspec.Struct:
        what, key = place
        if place in way:
            circle = [*way[way.index(place) :], place]
            raise CycleError("a circle of definitions: " + " -> ".join(key for _, key in circle), field=key)
        if key not in defined:
            raise UndefinedError(f"there is no {what} {key}" + _named_by(way), field=key)
        if place not in self._done:
            made = defined[key]
            self._done[place] = node if made is None else self.resolved(made, (*way, place), depth + 1)
        return self._done[place]


def _named_by(way: _PLACES) -> str:
    return f": {' -> '.join(key for _, key in way)} is made of it" if way else ""


class _Extent(NamedTuple):
    """How many nodes there are, those that stand in several places once a place; and how deep they are nested."""

    size: int
    depth: int


def _extent(node: msgspec.Struct, known: dict[int, _Extent]) -> _Extent:
    if id(node) not in known:
        inner = [_extent(child, known) for _, child in children(node)]
        depth = max((one.depth for one in inner), default=0)
        known[id(node)] = _Extent(1 + sum(one.size for one in inner), 1 + depth)
    return known[id(node)]


def _too_deep(way: _PLACES = ()) -> TooLargeError:
    named = f": {' -> '.join(key for _, key in way[:_SHOWN])} -> ..." if way else ""
    return TooLargeError(f"with all its tags and segments it is nested more than {_DEEPEST} deep{named}")
