"""Which nodes may stand where fields are looked at, and the check of each kind of node."""

from collections.abc import Callable
from typing import Any, Final

from domain.kernel.rules.checks import comparisons, rules, values, windows
from domain.kernel.rules.checks.finding import Finding, Findings, Surroundings
from domain.kernel.rules.tree import (
    All,
    AnyOf,
    Arithmetic,
    AsOf,
    Attribute,
    Between,
    Calendar,
    Case,
    Compare,
    Consented,
    Constant,
    Context,
    Field,
    HasBeen,
    Identified,
    InSegment,
    Last,
    Measure,
    Not,
    Part,
    Prediction,
    Sampled,
    Sequence,
    Step,
    Tag,
    Tagged,
    Weighted,
    When,
)

_OVER_FIELDS: Final = (All, AnyOf, Not, Compare, Field, Constant, Arithmetic, Case, When, Weighted, Part)
_CHECKS: Final[dict[type, Callable[[Any, Surroundings], Findings]]] = {
    Last: windows.last,
    Calendar: windows.calendar,
    Between: windows.between,
    HasBeen: windows.has_been,
    AsOf: windows.as_of,
    Field: values.field,
    Attribute: values.attribute,
    Measure: values.measure,
    Tag: values.tag,
    Context: values.context,
    Prediction: values.prediction,
    Constant: values.constant,
    Arithmetic: values.arithmetic,
    Case: values.case,
    Part: values.part,
    Weighted: values.weighted,
    Compare: comparisons.comparison,
    Sequence: rules.sequence,
    Step: rules.step,
    InSegment: rules.in_segment,
    Tagged: rules.tagged,
    Consented: rules.consented,
    Identified: rules.identified,
    Sampled: rules.sampled,
}


def findings(node: object, around: Surroundings) -> Findings:
    """Return what is wrong with a node by itself, where it stands."""
    if around.fields_of is not None and not isinstance(node, _OVER_FIELDS):
        yield Finding("", "inside `where` only fields of the event can be looked at: put this beside the measure")
    elif (check := _CHECKS.get(type(node))) is not None:
        yield from check(node, around)
