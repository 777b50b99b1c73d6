"""Single values as people write them: money in yuan, numbers without noise, instants in the zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.kernel.rules.kinds import number
from domain.kernel.rules.phrases.labels import Label, Labels, Language, called
from domain.kernel.rules.tree import Attribute, Context, Field, Level, Measure, Prediction, Scalar, Tag, Value

# So many values of a long list are named.
SHOWN: Final = 6
_FEN: Final = 100
_TRUTHS: Final = {"zh": ("否", "是"), "en": ("no", "yes")}
_YUAN: Final = {"zh": "元", "en": " yuan"}


def shown(value: Scalar, language: Language, *, is_money: bool, labels: Mapping[str, Label]) -> str:
    """Return a value in words; `labels` are those of single values."""
    if isinstance(value, bool):
        return _TRUTHS[language][value]
    if (amount := number(value)) is not None:
        return f"{plain(amount / _FEN)}{_YUAN[language]}" if is_money else plain(amount)
    label = labels.get(str(value))
    return label.of(language) if label else str(value)


def value_labels(value: Value, labels: Labels, of: Level) -> Mapping[str, Label]:
    """Return the labels that single values of a value have."""
    match value:
        case Field(name=name):
            found = labels.field(name, of)
        case Measure(field=str() as field):
            found = labels.field(field, value.of)
        case Attribute(name=name):
            found = labels.attribute(name)
        case Tag(key=key):
            found = called(labels.tags, key)
        case Context(name=name):
            found = called(labels.contexts, name)
        case Prediction(model=model):
            found = called(labels.models, model)
        case _:
            return {}
    return found.values


def instant(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant by the clock of the zone, without the time at midnight."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute, local.second) == (0, 0, 0) else f"{local:%Y-%m-%d %H:%M}"


def span(seconds: float) -> tuple[float, str]:
    """Return a number of seconds as a whole number of the largest unit it makes: 1,800 is 30 minutes."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return seconds // size, unit
    return seconds, "second"


def plain(amount: float) -> str:
    """Return a number without needless decimals, at most four."""
    return f"{amount:,.4f}".rstrip("0").rstrip(".") if amount % 1 else f"{amount:,.0f}"
