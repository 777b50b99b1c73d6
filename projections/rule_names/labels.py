"""What the names in rules are called, in Chinese and English, for sentences."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from domain.activity.fields import declared
from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.phrases.labels import Label, Labels
from domain.kernel.rules.tree import Level
from domain.scoring.kinds import kinds
from projections.model_scorecard.queries import ModelSummary
from projections.segment_catalogue.queries import SegmentSummary
from projections.tag_catalogue.queries import Catalogue

_LEVELS: Final[tuple[Level, ...]] = ("events", "items")


def labels(
    catalogue: Catalogue, segments: Mapping[str, SegmentSummary], models: list[ModelSummary], zone: ZoneInfo
) -> Labels:
    """Return the labels of all that is declared: events, fields, tags, segments and models."""
    return Labels(
        zone=zone,
        events={kind.name: Label(zh=kind.zh, en=kind.en) for kind in Vocabulary.load().kinds},
        fields={level: _fields(level) for level in _LEVELS},
        tags=_tags(catalogue),
        segments={key: Label(zh=one.words.name_zh, en=one.words.name_en) for key, one in segments.items()},
        models=_models(models),
    )


def _fields(level: Level) -> dict[str, Label]:
    fields = declared().of(level)
    return {name: Label(zh=one.zh, en=one.en, is_money=one.type == "money") for name, one in fields.items()}


def _tags(catalogue: Catalogue) -> dict[str, Label]:
    found = {}
    for key, listed in catalogue.tags.items():
        tag = listed.definition
        values = {value: Label(zh=words.zh, en=words.en) for value, words in tag.labels.items()}
        found[key] = Label(zh=tag.name.zh, en=tag.name.en, is_money=tag.type == "money", values=values)
    return found


def _models(models: list[ModelSummary]) -> dict[str, Label]:
    found = {}
    for model in models:
        kind = kinds().get(model.kind)
        if kind is not None:
            found[model.key] = Label(zh=kind.zh, en=kind.en)
            for name, words in kind.further.items():
                found[f"{model.key}.{name}"] = Label(zh=words.zh, en=words.en)
    return found
