"""Judging one person: rules and values made ready once, asked of as many people and instants as one likes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from domain.kernel.rules.depending import depends_on
from domain.kernel.rules.history import History
from domain.kernel.rules.kinds import Known
from domain.kernel.rules.parts.attributes import attribute
from domain.kernel.rules.parts.building import MomentBuilder
from domain.kernel.rules.parts.comparing import comparison
from domain.kernel.rules.parts.logic import every, negation, some
from domain.kernel.rules.parts.measures import measure
from domain.kernel.rules.parts.moment import Moment, Person
from domain.kernel.rules.parts.numbers import arithmetic, cases, constant, weighted
from domain.kernel.rules.parts.part import RulePart, ValuePart
from domain.kernel.rules.parts.past import as_of, has_been
from domain.kernel.rules.parts.sequences import sequence
from domain.kernel.rules.parts.series import Kind
from domain.kernel.rules.parts.surroundings import context
from domain.kernel.rules.parts.words import consented, identified, in_segment, prediction, sampled, tagged
from domain.kernel.rules.tree import (
    All,
    AnyOf,
    Arithmetic,
    AsOf,
    Attribute,
    Case,
    Compare,
    Consented,
    Constant,
    Context,
    HasBeen,
    Identified,
    InSegment,
    Measure,
    Node,
    Not,
    Prediction,
    Rule,
    Sampled,
    Sequence,
    Tagged,
    Value,
    Weighted,
)
from domain.kernel.rules.world import World

_RULES: Final[dict[type[Node], Callable[..., RulePart[Moment]]]] = {
    All: every,
    AnyOf: some,
    Not: negation,
    Compare: comparison,
    Sequence: sequence,
    HasBeen: has_been,
    AsOf: as_of,
    InSegment: in_segment,
    Tagged: tagged,
    Consented: consented,
    Identified: identified,
    Sampled: sampled,
}
_VALUES: Final[dict[type[Node], Callable[..., ValuePart[Moment]]]] = {
    Attribute: attribute,
    Measure: measure,
    Context: context,
    Prediction: prediction,
    Constant: constant,
    Arithmetic: arithmetic,
    Case: cases,
    Weighted: weighted,
}


class Plan:
    """Resolved rules and values by key, made ready together, so that what they share is kept and worked out once.

    Made once and asked often: `person` lays out a history, `Person.add` takes in what she does next, `Person.at` is
    she at an instant. A rule costs some microseconds then.
    """

    def __init__(self, rules: Mapping[str, Rule], values: Mapping[str, Value] | None = None) -> None:
        build = MomentBuilder(_RULES, _VALUES)
        self.rules = {key: build.rule(rule) for key, rule in rules.items()}
        self.values = {key: build.value(value) for key, value in (values or {}).items()}
        # Rules that look at circumstances, of which those of a later day may yet be told.
        self.circumstantial = {key for key, rule in rules.items() if depends_on(rule).contexts}
        self._layout = build.layout()
        self._number_of = build.number_of
        self.series_count = self._layout.series

    def person(self, history: History, world: World) -> Person:
        """Lay out what is known of a person."""
        return Person(self._layout, history, world)

    def series_of(self, kind: Kind) -> int:
        """Return the number of the series of a kind of occurrences that the rules look at."""
        return self._number_of(kind)

    def holds(self, key: str, moment: Moment) -> bool:
        """Say whether a rule holds."""
        return self.rules[key].holds(moment)

    def value_of(self, key: str, moment: Moment) -> Known:
        """Return a value; None: missing."""
        return self.values[key].read(moment)


def holds(rule: Rule, history: History, now: datetime, world: World) -> bool:
    """Say whether a resolved rule holds of a person at an instant (UTC), as `tree.py` says it."""
    plan = Plan({"": rule})
    return plan.holds("", plan.person(history, world).at(now))


def value_of(value: Value, history: History, now: datetime, world: World) -> Known:
    """Return what a resolved value is of a person at an instant (UTC); None: missing."""
    plan = Plan({}, {"": value})
    return plan.value_of("", plan.person(history, world).at(now))
