"""What stands in a `where`: rules over the fields of one occurrence."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from domain.kernel.rules.parts.comparing import comparison
from domain.kernel.rules.parts.logic import every, negation, some
from domain.kernel.rules.parts.numbers import arithmetic, cases, constant, weighted
from domain.kernel.rules.parts.part import Builder, RulePart, ValuePart, never
from domain.kernel.rules.tree import (
    All,
    AnyOf,
    Arithmetic,
    Case,
    Compare,
    Constant,
    Field,
    Not,
    Rule,
    Scalar,
    Value,
    Weighted,
)

Fields = Mapping[str, Scalar]


class UnfitNodeError(TypeError):
    """A node where it has no meaning: reading a rule refuses it, so that judging never meets one."""


class _OverFields:
    """Makes nodes ready that look at fields only."""

    def rule(self, node: Rule) -> RulePart[Fields]:
        return _RULES[_fit(node, _RULES)](node, self)

    def value(self, node: Value) -> ValuePart[Fields]:
        return _VALUES[_fit(node, _VALUES)](node, self)


def test_of(where: Rule) -> Callable[[Fields], bool]:
    """Return the test that an occurrence has to pass."""
    return _OverFields().rule(where).holds


def _field(node: Field, _build: Builder[Fields]) -> ValuePart[Fields]:
    name = node.name
    return ValuePart(lambda fields: fields.get(name), never)


def _fit(node: object, known: Mapping[type, Any]) -> type:
    if type(node) not in known:
        raise UnfitNodeError(f"{type(node).__name__} has no meaning where fields are looked at")
    return type(node)


_RULES: Final[dict[type, Callable[..., RulePart[Fields]]]] = {
    All: every,
    AnyOf: some,
    Not: negation,
    Compare: comparison,
}
_VALUES: Final[dict[type, Callable[..., ValuePart[Fields]]]] = {
    Field: _field,
    Constant: constant,
    Arithmetic: arithmetic,
    Case: cases,
    Weighted: weighted,
}
