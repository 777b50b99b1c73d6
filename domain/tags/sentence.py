"""A tag as sentences: what its value is, in which unit, and what everything that it is made of is in turn."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from domain.kernel.rules.phrases.labels import Label, Labels
from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.saying import Sentence, say
from domain.kernel.rules.tree import Case, Constant, InSegment, Part, Rule, Tag, Value, Weighted, When
from domain.kernel.rules.walking import inside
from domain.tags.definition import Definition, Freshness, Words

# What is in another unit than it is kept in, as people are told.
_SHOWN_IN: Final[Mapping[str, Words]] = {
    "money": Words(zh="元", en="yuan"),
    "share": Words(zh="比例，0 到 1", en="a share from 0 to 1"),
}
FRESHNESS: Final[Mapping[Freshness, Words]] = {
    "live": Words(
        zh="随每个事件更新，时间窗口到点即变", en="follows every event, and windows fall due at the exact instant"
    ),
    "nightly": Words(zh="每晚更新一次", en="worked out once a night"),
    "model": Words(zh="以模型最近一次运行为准", en="as the model said in its last run"),
}


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a score: what is weighed, and by how much; `koi tags tune` changes it."""

    name: str
    weight: float
    says: Sentence


class MadeOf(msgspec.Struct, frozen=True, kw_only=True):
    """A tag or a segment that a tag is made of, directly or through others, as a sentence of its own."""

    kind: str
    key: str
    name: Words
    says: Sentence


def sentence(tag: Definition, labels: Labels, units: Mapping[str, Words]) -> Sentence:
    """Return what a tag's value is, with its unit; complete but for what `made_of` says of the tags in it."""
    results = {value: Label(zh=words.zh, en=words.en) for value, words in tag.labels.items()}
    said = _value(tag.value, msgspec.structs.replace(labels, results=results))
    unit = _SHOWN_IN.get(tag.type) or units.get(tag.unit)
    if unit is None:
        return said
    return Sentence(zh=f"{said.zh}（单位：{unit.zh}）", en=f"{said.en} (in {unit.en})")


def weights(value: Value, labels: Labels) -> list[Weight]:
    """Return the parts of a score with their weights; of what is no score, none."""
    if not isinstance(value, Weighted):
        return []
    return [Weight(name=one.name, weight=one.weight, says=say(_weighed(one), labels)) for one in value.parts]


def made_of(value: Value, definitions: Definitions, labels: Labels) -> list[MadeOf]:
    """Return what a value names, and what that names in turn, each once, in the order in which one meets it."""
    return list(_made_of(value, definitions, labels, set()))


def _made_of(
    node: Rule | Value, definitions: Definitions, labels: Labels, met: set[tuple[str, str]]
) -> Iterator[MadeOf]:
    for _, one in inside(node):
        if not isinstance(one, Tag | InSegment):
            continue
        kind, known, called = (
            ("tag", definitions.tags, labels.tags)
            if isinstance(one, Tag)
            else ("segment", definitions.segments, labels.segments)
        )
        made = known.get(one.key)
        if (kind, one.key) in met or made is None:
            continue
        met.add((kind, one.key))
        label = called.get(one.key) or Label(zh=one.key, en=one.key)
        said = _value(made, msgspec.structs.replace(labels, results=label.values))
        yield MadeOf(kind=kind, key=one.key, name=Words(zh=label.zh, en=label.en), says=said)
        yield from _made_of(made, definitions, labels, met)


def _value(node: Rule | Value, labels: Labels) -> Sentence:
    """Say a value; one that is true where a rule holds, and false elsewhere, by the rule alone."""
    match node:
        case Case(cases=(When(rule=rule, then=Constant(value=True)),), otherwise=Constant(value=False)):
            said = say(rule, labels)
            return Sentence(zh=f"是：{said.zh}；否则为否", en=f"yes if {said.en}; otherwise no")
    return say(node, labels)


def _weighed(part: Part) -> Rule | Value:
    if part.rule is None:
        return part.value or Constant(value=part.weight)
    return part.rule if part.value is None else Case(cases=(When(rule=part.rule, then=part.value),))
