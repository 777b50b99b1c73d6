"""Columns of a build: the tags, and hidden ones, of which the next night makes anew what follows the clock."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from domain.kernel.rules.standing import Passage, is_steady, per_day, pieces
from domain.kernel.rules.tree import Attribute, Context, Measure, Node, Rule, Value
from domain.kernel.rules.world import REGION
from projections.batch.compiling.compiled import Kind
from projections.batch.lakehouse import Lakehouse
from projections.batch.running import Engines, Questions

# The names of columns that are no tags begin so.
HIDDEN: Final = "~"
MEMBERS: Final = "~members"
DUE: Final = "~due"
PLACE: Final = Attribute(name=REGION)
_RULES: Final = Rule.__args__
_OF_ONE_VALUE: Final = frozenset({"first", "last", "top"})
KINDS: Final[tuple[Kind, ...]] = ("number", "text", "flag", "texts")


class Definitions(msgspec.Struct, frozen=True):
    """The (resolved) values of tags by key, and the kind of value that each is declared to have."""

    values: Mapping[str, Value]
    kinds: Mapping[str, Kind]

    @property
    def digest(self) -> str:
        """What these definitions are known by: others build other files."""
        written = msgspec.json.encode((self.values, self.kinds), order="deterministic")
        return hashlib.sha256(written).hexdigest()[:16]


class Columns(msgspec.Struct, frozen=True):
    """All columns as questions, and what each is known by: the same in two builds is the same column."""

    asked: Questions
    known: Mapping[str, str]

    @property
    def nodes(self) -> dict[str, Node]:
        """What each column is made by."""
        return {**self.asked.values, **self.asked.rules}

    def only(self, names: frozenset[str]) -> Questions:
        """Return the questions of some columns."""
        values = {key: one for key, one in self.asked.values.items() if key in names}
        return Questions(values, {key: one for key, one in self.asked.rules.items() if key in names}, self.asked.kinds)


class Build(msgspec.Struct, frozen=True):
    """What is to be built: which columns, as of when, over what, by what."""

    lakehouse: Lakehouse
    columns: Columns
    now: datetime
    engines: Engines

    @property
    def keys(self) -> frozenset[str]:
        """The columns that are tags."""
        return frozenset(name for name in self.columns.known if not name.startswith(HIDDEN))


def known_by(node: Node, kind: Kind | Literal["rule"]) -> str:
    """Return what a column is known by: its definition, and the kind of value that is wanted of it."""
    return hashlib.sha256(msgspec.json.encode((node, kind), order="deterministic")).hexdigest()[:16]


def columns_of(definitions: Definitions, now: datetime, zone: ZoneInfo) -> Columns:
    """Return the columns of a build as of an instant."""
    kinds = dict(definitions.kinds)
    values: dict[str, Value] = dict(definitions.values)
    rules: dict[str, Rule] = {}
    known = {key: known_by(value, kinds[key]) for key, value in values.items()}
    there = set(known.values())
    for node, kind in _hidden(definitions, Passage(now, now, zone)):
        name = known_by(node, kind)
        if name in there:
            continue
        there.add(name)
        known[HIDDEN + name] = name
        if kind == "rule":
            rules[HIDDEN + name] = node  # type: ignore[assignment] # it is a rule
        else:
            values[HIDDEN + name], kinds[HIDDEN + name] = node, kind  # type: ignore[assignment] # and this a value
    return Columns(Questions(values, rules, kinds), known)


def kept_of(piece: Node) -> Iterator[tuple[Node, Kind | Literal["rule"]]]:
    """Yield what has to be kept of a piece to have it again: of circumstances the place where she is."""
    if isinstance(piece, Context):
        yield PLACE, "text"
    elif isinstance(piece, _RULES):
        yield piece, "rule"
    elif per_day(piece) or (isinstance(piece, Measure) and piece.take not in _OF_ONE_VALUE):
        yield piece, "number"
    else:
        yield from ((piece, kind) for kind in KINDS)


def _hidden(definitions: Definitions, still: Passage) -> Iterator[tuple[Node, Kind | Literal["rule"]]]:
    for value in definitions.values.values():
        if not is_steady(value, still):
            for piece in pieces(value, still) or ():
                yield from kept_of(piece)
