"""What the names in rules are called, in Chinese and English, for sentences."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.fields import declared
from domain.activity.vocabulary import Vocabulary
from domain.kernel.rules.phrases.labels import Label, Labels
from domain.kernel.rules.tree import Attribute, Context, Level
from domain.products import category_groups
from domain.scoring.core import MODEL, core_segments
from domain.scoring.kinds import KindOfModel, kinds
from domain.tags.definition import Definition
from domain.tags.shipped import shipped
from projections.model_scorecard.queries import ModelSummary
from projections.segment_catalogue.queries import SegmentSummary
from projections.tag_catalogue.queries import Catalogue

_LEVELS: Final[tuple[Level, ...]] = ("events", "items")
# Fields whose values have labels: groups of categories, and kinds of days.
_GROUPED: Final = "category_group"
_DAYS: Final = "day_kind"


class _Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `words.toml` says."""

    contexts: dict[str, Label]
    attributes: dict[str, Label]
    channels: dict[str, Label]
    purposes: dict[str, Label]
    identifiers: dict[str, Label]


def labels(
    catalogue: Catalogue, segments: Mapping[str, SegmentSummary], models: list[ModelSummary], zone: ZoneInfo
) -> Labels:
    """Return the labels of all that is declared: events, fields, tags, segments, models ..."""
    return msgspec.structs.replace(
        _declared(),
        zone=zone,
        tags={key: tag_label(one.definition) for key, one in catalogue.tags.items()},
        segments={key: Label(zh=one.words.name_zh, en=one.words.name_en) for key, one in segments.items()},
        models=_models(models),
    )


def tag_label(tag: Definition) -> Label:
    """Return what a tag is called, and its values."""
    values = {value: Label(zh=words.zh, en=words.en) for value, words in tag.labels.items()}
    return Label(zh=tag.name.zh, en=tag.name.en, is_money=tag.type == "money", values=values)


@functools.cache
def _declared() -> Labels:
    text = resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    words = msgspec.convert(tomllib.loads(text), _Words)
    # A tag that shows an attribute or a circumstance as it is has its name and the names of its values.
    shown = {type_: _shown(type_) for type_ in (Attribute, Context)}
    return Labels(
        events={kind.name: Label(zh=kind.zh, en=kind.en) for kind in Vocabulary.load().kinds},
        fields={level: _fields(level, words.contexts[_DAYS].values) for level in _LEVELS},
        attributes=shown[Attribute] | words.attributes,
        contexts=shown[Context] | words.contexts,
        channels=words.channels,
        purposes=words.purposes,
        identifiers=words.identifiers,
    )


def _shown(type_: type[Attribute | Context]) -> dict[str, Label]:
    return {one.value.name: tag_label(one) for one in shipped().tags.values() if isinstance(one.value, type_)}


def _fields(level: Level, days: Mapping[str, Label]) -> dict[str, Label]:
    groups = {key: Label(zh=one.zh, en=one.en) for key, one in category_groups.declared().groups.items()}
    values = {_GROUPED: groups, _DAYS: days}
    return {
        name: Label(zh=one.zh, en=one.en, is_money=one.type == "money", values=values.get(name, {}))
        for name, one in declared().of(level).items()
    }


def _models(models: list[ModelSummary]) -> dict[str, Label]:
    # A model that is not trained yet is called by its kind.
    found = {name: label for key, kind in kinds().items() for name, label in _model(key, key, kind).items()}
    for model in models:
        if (kind := kinds().get(model.kind)) is not None:
            found |= _model(model.key, model.kind, kind)
    return found


def _model(key: str, of: str, kind: KindOfModel) -> dict[str, Label]:
    further = {
        f"{key}.{name}": Label(zh=words.zh, en=words.en, is_money=name in kind.money)
        for name, words in kind.further.items()
    }
    core = {one: Label(zh=words.zh, en=words.en) for one, words in core_segments().items()} if of == MODEL else {}
    return {key: Label(zh=kind.zh, en=kind.en, is_money="" in kind.money, values=core), **further}
