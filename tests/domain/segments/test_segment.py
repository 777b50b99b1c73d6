"""What a segment decides: versions of whom it means, and what it refuses."""

from typing import Any

import pytest

from domain.segments import errors
from domain.segments.segment import PeopleList, Segment, Words, segment_stream
from tests.spec import given

WORDS = Words(name_zh="近7天购买", name_en="Bought in the last 7 days")
NAMED: dict[str, Any] = {
    "name_zh": "近7天购买", "name_en": "Bought in the last 7 days", "meaning_zh": "", "meaning_en": "", "owner": "",
}  # fmt: skip
RULE = {"type": "all", "of": []}
OTHER = {"type": "any", "of": []}
LIST = PeopleList(people=3, path="segments/vip/ab.parquet", sha256="ab", origin={"upload": "vip.csv"})
CREATED = Segment.Created(key="vip", kind="dynamic", **NAMED)
CREATED_LIST = Segment.Created(key="vip", kind="static", **NAMED)
DEFINED = Segment.Defined(segment_version=1, rule=RULE)


def test_a_segment_begins_with_a_rule_or_as_an_empty_list() -> None:
    """A rule is its first version; a list has none until people are in it."""
    given(Segment).when(lambda s: s.create("vip", WORDS, rule=RULE)).then(CREATED, DEFINED)
    given(Segment).when(lambda s: s.create("vip", WORDS)).then(CREATED_LIST)
    refused = given(Segment, CREATED, DEFINED).when(lambda s: s.create("vip", WORDS))
    refused.then_raises(errors.SegmentExistsError)


def test_another_rule_is_another_version_and_the_same_is_none() -> None:
    """What a journey or report meant by a version stays what it was."""
    made = given(Segment, CREATED, DEFINED)
    made.when(lambda s: s.define(OTHER)).then(Segment.Defined(segment_version=2, rule=OTHER)).then_answers(2)
    given(Segment, CREATED, DEFINED).when(lambda s: s.define(RULE)).then().then_answers(1)
    refused = given(Segment, CREATED_LIST).when(lambda s: s.define(RULE))
    assert refused.then_raises(errors.SegmentKindError).field == "rule"


def test_one_and_true_are_two_rules() -> None:
    """Python has them equal; a rule that is corrected from the one to the other is another rule."""
    one, true = ({"type": "compare", "left": {"type": "attribute", "name": "is_vip"}, "right": it} for it in (1, True))
    defined = Segment.Defined(segment_version=1, rule=one)
    given(Segment, CREATED, defined).when(lambda s: s.define(true)).then_answers(2)
    given(Segment, CREATED, defined).when(lambda s: s.define(dict(reversed(one.items())))).then().then_answers(1)


def test_a_list_is_known_by_its_digest() -> None:
    """The same file uploaded twice changes nothing."""
    told: dict[str, Any] = {"people": 3, "path": LIST.path, "sha256": "ab", "origin": LIST.origin}
    listed = Segment.Listed(segment_version=1, **told)
    given(Segment, CREATED_LIST).when(lambda s: s.put_list(LIST)).then(listed).then_answers(1)
    given(Segment, CREATED_LIST, listed).when(lambda s: s.put_list(LIST)).then().then_answers(1)
    given(Segment, CREATED, DEFINED).when(lambda s: s.put_list(LIST)).then_raises(errors.SegmentKindError)


def test_changes_are_told_between_activation_and_the_end() -> None:
    """Asking twice is once; an archived segment changes no more."""
    given(Segment, CREATED, DEFINED).when(lambda s: s.activate()).then(Segment.Activated())
    given(Segment, CREATED, DEFINED, Segment.Activated()).when(lambda s: s.activate()).then()
    given(Segment, CREATED, DEFINED, Segment.Activated()).when(lambda s: s.deactivate()).then(Segment.Deactivated())
    given(Segment, CREATED, DEFINED).when(lambda s: s.deactivate()).then()
    over = Segment.Archived(reason="replaced")
    given(Segment, CREATED, DEFINED).when(lambda s: s.archive(" replaced ")).then(over)
    given(Segment, CREATED, DEFINED, over).when(lambda s: s.activate()).then_raises(errors.SegmentArchivedError)


def test_names_and_keys_have_a_form() -> None:
    """People see the names; rules and addresses name the key."""
    blank = Words(name_zh=" ", name_en="x")
    assert (
        given(Segment).when(lambda s: s.create("vip", blank)).then_raises(errors.SegmentTermsError).field == "name_zh"
    )
    assert segment_stream("vip") != segment_stream("vip2")
    with pytest.raises(errors.SegmentTermsError) as wrong:
        segment_stream("VIP customers")
    assert wrong.value.field == "key"
    new = Words(name_zh="贵宾", name_en="VIP")
    said = Segment.Described(**NAMED | {"name_zh": "贵宾", "name_en": "VIP"})
    given(Segment, CREATED, DEFINED).when(lambda s: s.describe(new)).then(said)
    given(Segment, CREATED, DEFINED).when(lambda s: s.describe(WORDS)).then()
    given(Segment).when(lambda s: s.describe(WORDS)).then_raises(errors.SegmentNotFoundError)


def test_what_comes_with_koi_is_followed_and_never_changed() -> None:
    """Its first following takes it into history as it is shipped; a later one notices that it is shipped anew."""
    created = Segment.Created(key="core_lost", kind="dynamic", **NAMED)
    followed = given(Segment).when(lambda s: s.adopt("core_lost", WORDS, RULE))
    followed.then(created, DEFINED)
    given(Segment, created, DEFINED).when(lambda s: s.adopt("core_lost", WORDS, RULE)).then()
    anew = Segment.Defined(segment_version=2, rule=OTHER)
    given(Segment, created, DEFINED).when(lambda s: s.adopt("core_lost", WORDS, OTHER)).then(anew)
    for change in (
        lambda s: s.define(OTHER),
        lambda s: s.describe(WORDS),
        lambda s: s.put_list(LIST),
        lambda s: s.archive("x"),
    ):
        given(Segment, created, DEFINED).when(change).then_raises(errors.SegmentShippedError)
    refused = given(Segment).when(lambda s: s.create("core_fans", WORDS, rule=RULE))
    assert refused.then_raises(errors.SegmentTermsError).field == "key"
