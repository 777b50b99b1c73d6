"""Rows of events and items: their tables, and rules over their fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import ibis

from domain.activity.fields import PROPERTIES, Fields
from domain.kernel.rules.tree import Field, Level
from projections.batch.compiling.known import Column, Known
from projections.batch.compiling.scalars import CannotCompileError

_TYPES: Final = {"text": "string", "number": "float64", "money": "int64", "bool": "boolean"}
_KINDS: Final = {"text": "text", "number": "number", "money": "number", "bool": "flag"}
_OF_KINDS: Final = {"number": "float64", "text": "string", "flag": "boolean"}
# What each row has beside its fields: whose it is, when it was (microseconds since 1970, UTC), on which day of the zone
# (days since 1970), and what happened.
KEYS: Final = {"n": "int32", "at": "int64", "day": "int32", "name": "string"}


class FieldColumn(NamedTuple):
    """A column of rows: the field it is of, the kind of value it holds, and its type."""

    field: str
    kind: str
    type: str


def columns_of(level: Level, names: frozenset[str], fields: Fields) -> dict[str, FieldColumn]:
    """Return the columns that the fields asked for need, by name; a field that is not declared has none."""
    declared = fields.of(level)
    found: dict[str, FieldColumn] = {}
    for number, name in enumerate(sorted(names)):
        if name.startswith(PROPERTIES):
            found |= {f"p{number}_{kind}": FieldColumn(name, kind, type_) for kind, type_ in _OF_KINDS.items()}
        elif name in declared:
            type_ = declared[name].type
            found[f"f_{name}"] = FieldColumn(name, _KINDS[type_], _TYPES[type_])
    return found


class Rows:
    """Rows of a level in the query, with the fields that are asked for; a scope for rules over them."""

    def __init__(self, table: Any, columns: Mapping[str, FieldColumn]) -> None:
        self.table = table
        self._columns = columns

    @classmethod
    def of(cls, level: Level, columns: Mapping[str, FieldColumn]) -> "Rows":
        """Return all rows of a level: the table of that name."""
        return cls(ibis.table({**KEYS, **{name: one.type for name, one in columns.items()}}, name=level), columns)

    def filter(self, test: Column) -> "Rows":
        """Return those that pass a test."""
        return Rows(self.table.filter(test), self._columns)

    def known(self, field: str) -> Known:
        """Return the columns of a field."""
        return Known(**{one.kind: self.table[name] for name, one in self._columns.items() if one.field == field})

    def value(self, node: Any, now: datetime) -> Known:  # noqa: ARG002 - a field of an event has no other instant
        """Return a field."""
        if not isinstance(node, Field):
            raise CannotCompileError(f"{type(node).__name__} is not asked of an event")
        return self.known(node.name)

    def rule(self, node: Any, now: datetime) -> Column:  # noqa: ARG002 - likewise
        """Refuse: of an event nothing is asked but comparisons."""
        raise CannotCompileError(f"{type(node).__name__} is not asked of an event")

    def named(self, names: tuple[str, ...], told: frozenset[str]) -> Column:
        """Return whether the row is one of these events; without names: any behaviour."""
        name = self.table["name"]
        return name.isin(sorted(names)) if names else name.notin(sorted(told))

    def inside(self, since: int | None, before: int) -> Column:
        """Return whether it happened from `since` to before `before`."""
        at = self.table["at"]
        return (at < before) if since is None else (at >= since) & (at < before)
