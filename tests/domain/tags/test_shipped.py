"""The catalogue that comes with Koi: every tag reads, is named in both languages, and is made of what there is."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.activity.fields import declared
from domain.activity.vocabulary import Vocabulary
from domain.context.calendar import Calendar
from domain.context.circumstances import circumstances
from domain.identity.identifier import IdentifierType
from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.known import Known, ValueType
from domain.kernel.rules.reading import read_value, written
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.tree import Level
from domain.kernel.rules.world import World
from domain.scoring.kinds import kinds
from domain.tags.definition import KEY
from domain.tags.families import Declared, FamilyError, expanded
from domain.tags.lineage import freshness_of, lineage
from domain.tags.shipped import shipped

SHIPPED = shipped()
TYPES: dict[str, ValueType] = {"text": "text", "number": "number", "money": "number", "bool": "bool"}
OF_TAGS: dict[str, ValueType] = {
    "text": "text", "number": "number", "money": "number", "share": "number", "boolean": "bool",
}  # fmt: skip
LEVELS: tuple[Level, ...] = ("events", "items")
MODELS = {
    *("clusters", "core_segment", "response"),
    *kinds(),
    *(f"{key}.{further}" for key, kind in kinds().items() for further in kind.further),
}
KNOWN = Known(
    events={kind.name for kind in Vocabulary.load().kinds},
    fields={level: {name: TYPES[one.type] for name, one in declared().of(level).items()} for level in LEVELS},
    tags={key: OF_TAGS[tag.type] for key, tag in SHIPPED.tags.items()},
    models=dict.fromkeys(MODELS),
    identifiers={one.value for one in IdentifierType},
)
DEFINITIONS = Definitions(tags={key: tag.value for key, tag in SHIPPED.tags.items()})
RESOLVED = {key: resolve(tag.value, DEFINITIONS) for key, tag in SHIPPED.tags.items()}


def test_there_are_more_than_300_tags_in_all_groups() -> None:
    """As many as the mission asks for, none of them without a group."""
    assert len(SHIPPED.tags) > 300
    assert {tag.group for tag in SHIPPED.tags.values()} == set(SHIPPED.groups)


@pytest.mark.parametrize("key", SHIPPED.tags)
def test_every_tag_reads_and_names_only_what_there_is(key: str) -> None:
    """Events, fields, tags, models: a slip of the pen is found here; what is written is read again."""
    read = read_value(written(SHIPPED.tags[key].value), KNOWN)
    assert read.problems == ()
    assert read.node == SHIPPED.tags[key].value


def test_every_tag_is_named_and_explained_in_both_languages() -> None:
    """A person sees words, never keys; values that are cases have labels, units have names."""
    for tag in SHIPPED.tags.values():
        assert KEY.fullmatch(tag.key)
        assert all((tag.name.zh, tag.name.en, tag.meaning.zh, tag.meaning.en, tag.owner)), tag.key
        assert "{" not in f"{tag.name}{tag.meaning}", tag.key
        assert tag.unit in {"", *SHIPPED.units}, tag.key
        assert tag.type != "money" or tag.unit == "fen", tag.key


def test_no_two_tags_are_called_the_same() -> None:
    """Neither in Chinese nor in English."""
    for names in ([tag.name.zh for tag in SHIPPED.tags.values()], [tag.name.en for tag in SHIPPED.tags.values()]):
        assert sorted({name for name in names if names.count(name) > 1}) == []


def test_of_somebody_unknown_every_tag_has_a_value_or_none() -> None:
    """No tag fails on an empty history, and one that is true or false is never missing."""
    zone = ZoneInfo("Asia/Shanghai")
    calendar = Calendar()
    world = World(zone=zone, circumstances=lambda region, at: circumstances(region, at, calendar=calendar))
    plan = Plan({}, RESOLVED)
    moment = plan.person(History(profile_id="nobody"), world).at(datetime(2026, 11, 25, 4, tzinfo=UTC))
    found = {key: plan.value_of(key, moment) for key in RESOLVED}
    assert all(isinstance(found[key], bool) for key, tag in SHIPPED.tags.items() if tag.type == "boolean")
    assert found["orders_ever"] == 0
    assert found["days_since_order"] is None


def test_lineage_and_freshness_follow_from_the_definition() -> None:
    """Which events, fields, attributes, models a value rests on, through all tags it is made of."""
    rests_on = lineage(SHIPPED.tags["rfm_score"].value, DEFINITIONS)
    assert rests_on.tags == frozenset({"recency_score", "frequency_score", "monetary_score"})
    assert rests_on.events == frozenset({"order.completed", "order.refunded"})
    assert ("events", "net_amount") in rests_on.fields
    fresh = {key: freshness_of(RESOLVED[key]) for key in RESOLVED}
    assert fresh["churn_risk"] == fresh["valuable_at_risk"] == "model"
    assert fresh["high_value"] == "live"


def test_a_family_is_expanded_over_all_its_parameters() -> None:
    """Texts are filled in, whole values are put in as they are, what a parameter lacks is left out."""
    week = {"zh": "近7天", "within": {"type": "last", "amount": 7}}
    parameters: dict[str, Any] = {"window": {"7d": week, "ever": {"zh": "累计"}}}
    words: dict[str, Any] = {"zh": "{window.zh}次数", "en": "x", "meaning_zh": "x", "meaning_en": "x", "type": "number"}
    value = {"type": "measure", "within": "{window.within}"}
    family = Declared(key="n_{window}", each={"window": ["*"]}, value=value, **words)
    made = list(expanded(family, parameters))
    assert [(one.key, one.zh) for one in made] == [("n_7d", "近7天次数"), ("n_ever", "累计次数")]
    assert [one.value for one in made] == [
        {"type": "measure", "within": {"type": "last", "amount": 7}},
        {"type": "measure"},
    ]
    with pytest.raises(FamilyError, match="no 9d"):
        list(expanded(Declared(key="n", each={"window": ["9d"]}, **words), parameters))
    with pytest.raises(FamilyError, match="no parameter"):
        list(expanded(Declared(key="{season}", **words), parameters))
