"""Labels of what rules name, in Chinese and English, and which values are money."""

from collections.abc import Mapping
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from domain.kernel.rules.tree import Arithmetic, Case, Context, Field, Level, Measure, Prediction, Tag, Take, Value

Language = Literal["zh", "en"]
_MONEY_TAKES: Final[frozenset[Take]] = frozenset({"sum", "mean", "min", "max", "stddev", "first", "last", "top"})


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What something is called. Values of it are `is_money` when they are fen, to be shown in yuan.

    `values` are labels of single values, such as those of a code.
    """

    zh: str
    en: str
    is_money: bool = False
    values: Mapping[str, "Label"] = {}

    def of(self, language: Language) -> str:
        """Return the label in a language."""
        return self.zh if language == "zh" else self.en


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """The labels by name. What has none is called by its name. Instants are shown in the `zone`.

    `results` are labels of the values that a tag can come to, where the sentence is that tag's.
    """

    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    events: Mapping[str, Label] = {}
    fields: Mapping[Level, Mapping[str, Label]] = {}
    attributes: Mapping[str, Label] = {}
    tags: Mapping[str, Label] = {}
    segments: Mapping[str, Label] = {}
    contexts: Mapping[str, Label] = {}
    models: Mapping[str, Label] = {}
    channels: Mapping[str, Label] = {}
    purposes: Mapping[str, Label] = {}
    identifiers: Mapping[str, Label] = {}
    words: Mapping[str, Label] = {}
    results: Mapping[str, Label] = {}

    def field(self, name: str, of: Level) -> Label:
        """Return the label of a field; a property is called by its path."""
        return called(self.fields.get(of, {}), name.removeprefix("properties."), name)

    def attribute(self, name: str) -> Label:
        """Return the label of an attribute, derived ones included."""
        return self.attributes.get(name) or _DERIVED.get(name) or called({}, name)

    def is_money(self, value: Value, of: Level = "events") -> bool:  # noqa: PLR0911 - one way out for each kind
        """Say whether a value is money; `of` is the level that fields are of here."""
        match value:
            case Field(name=name):
                return self.field(name, of).is_money
            case Measure(take=take, field=str() as field):
                return take in _MONEY_TAKES and self.field(field, value.of).is_money
            case Tag(key=key):
                return called(self.tags, key).is_money
            case Context(name=name):
                return called(self.contexts, name).is_money
            case Prediction(model=model):
                return called(self.models, model).is_money
            case Arithmetic(op=op, left=left, right=right):
                both = self.is_money(left, of), self.is_money(right, of)
                return both == (True, False) if op == "divide" else any(both)
            case Case(cases=cases):
                return bool(cases) and all(self.is_money(one.then, of) for one in cases)
        return False


def called(labels: Mapping[str, Label], name: str, key: str | None = None) -> Label:
    """Return the label of a name; without one, the name is what it is called."""
    return labels.get(key or name) or Label(zh=name, en=name)


_DERIVED: Final = {
    "age": Label(zh="年龄", en="age"),
    "days_to_birthday": Label(zh="距生日天数", en="days to the birthday"),
    "member_days": Label(zh="入会天数", en="days of membership"),
    "known_days": Label(zh="首次行为距今天数", en="days since the first visit"),
    "birthday": Label(zh="生日", en="birthday"),
    "region": Label(zh="地区", en="region"),
    "city": Label(zh="城市", en="city"),
    "sex": Label(
        zh="性别", en="sex", values={"female": Label(zh="女", en="female"), "male": Label(zh="男", en="male")}
    ),
}
