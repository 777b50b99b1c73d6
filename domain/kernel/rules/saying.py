"""Saying: a rule or a value as a sentence, in Chinese and in English."""

import msgspec

from domain.kernel.rules.phrases.chinese import Chinese
from domain.kernel.rules.phrases.english import English
from domain.kernel.rules.phrases.labels import Label, Labels
from domain.kernel.rules.tree import (
    Arithmetic,
    Attribute,
    Case,
    Constant,
    Context,
    Field,
    Level,
    Measure,
    Prediction,
    Rule,
    Tag,
    Value,
    Weighted,
)

__all__ = ["Label", "Labels", "Sentence", "say"]


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """The same in both languages."""

    zh: str
    en: str


def say(node: Rule | Value, labels: Labels, *, of: Level = "events") -> Sentence:
    """Return what a rule or a value means; money is said in yuan. `of` is for what stands in a `where` by itself."""
    speakers = Chinese(labels), English(labels)
    zh, en = (_said(node, speaker, of) for speaker in speakers)
    return Sentence(zh=zh, en=en)


def _said(node: Rule | Value, speaker: Chinese | English, of: Level) -> str:
    if isinstance(
        node, Field | Attribute | Measure | Tag | Context | Prediction | Constant | Arithmetic | Case | Weighted
    ):
        return speaker.value(node, of)
    return speaker.rule(node, of)
