"""The types of values, as far as they are known before anybody is judged."""

from typing import Final, get_args

from domain.kernel.rules.checks.finding import Surroundings
from domain.kernel.rules.depending import DERIVED
from domain.kernel.rules.known import ValueType
from domain.kernel.rules.tree import (
    Arithmetic,
    Attribute,
    Case,
    Constant,
    Context,
    Field,
    Measure,
    Prediction,
    Scalar,
    Tag,
    Take,
    Value,
    Weighted,
)

# What is taken of a field as it is; everything else is a number.
_AS_IT_IS: Final[frozenset[Take]] = frozenset({"first", "last", "top"})
# What is taken of numbers only, of any field, and of none.
OF_NUMBERS: Final[frozenset[Take]] = frozenset({"sum", "mean", "min", "max", "stddev"})
OF_FIELDS: Final[frozenset[Take]] = OF_NUMBERS | _AS_IT_IS | {"distinct"}
OF_NONE: Final[frozenset[Take]] = frozenset(get_args(Take)) - OF_FIELDS

_NAMES: Final[dict[ValueType, str]] = {
    "text": "a text",
    "number": "a number",
    "bool": "true or false",
    "list": "a list of texts",
}


def type_of(value: Value, around: Surroundings) -> ValueType | None:  # noqa: PLR0911 - one way out for each kind of value
    """Return the type of a value; None if it is not known."""
    known = around.known
    match value:
        case Constant(value=constant):
            return type_of_constant(constant)
        case Field(name=name):
            return _field(name, around)
        case Attribute(name=name):
            return "number" if name in DERIVED else (known.attributes or {}).get(name)
        case Measure(take=take, of=of, field=field):
            return _field(field or "", around._replace(fields_of=of)) if take in _AS_IT_IS else "number"
        case Tag(key=key):
            return (known.tags or {}).get(key)
        case Context(name=name):
            return (known.contexts or {}).get(name)
        case Prediction(model=model):
            return (known.models or {}).get(model)
        case Case(cases=cases, otherwise=otherwise):
            results = [*(case.then for case in cases), *((otherwise,) if otherwise is not None else ())]
            found = {type_of(one, around) for one in results}
            return found.pop() if len(found) == 1 else None
        case Arithmetic() | Weighted():
            return "number"


def type_of_constant(value: Scalar) -> ValueType:
    """Return the type of a value that is written down."""
    if isinstance(value, bool):
        return "bool"
    return "text" if isinstance(value, str) else "number"


def named(kind: ValueType) -> str:
    """Return the words for a type."""
    return _NAMES[kind]


def _field(name: str, around: Surroundings) -> ValueType | None:
    if around.fields_of is None:
        return None
    return (around.known.fields or {}).get(around.fields_of, {}).get(name)
