"""What a tag decides: versions, weights, and what it refuses."""

from typing import Any

import msgspec
import pytest

from domain.tags import errors
from domain.tags.tag import Tag, Terms, tag_stream
from tests.spec import given

SCORE: dict[str, Any] = {
    "type": "weighted",
    "parts": [
        {"name": "views", "weight": 1.0, "value": {"type": "measure", "events": ["product.viewed"]}},
        {"name": "shares", "weight": 2.0, "value": {"type": "measure", "events": ["product.shared"]}},
    ],
}
TERMS = Terms(group="behavioural", name_zh="互动分", name_en="Score", type="number", value=SCORE)
OTHER = msgspec.structs.replace(TERMS, name_en="Another score")
DEFINED = Tag.Defined(key="score", tag_version=1, terms=TERMS)


def test_a_tag_begins_once_and_another_definition_is_another_version() -> None:
    """The same terms are no new version."""
    given(Tag).when(lambda tag: tag.define("score", TERMS)).then(DEFINED).then_answers(1)
    given(Tag, DEFINED).when(lambda tag: tag.define("score", TERMS)).then_raises(errors.TagExistsError)
    anew = Tag.Redefined(key="score", tag_version=2, terms=OTHER)
    given(Tag, DEFINED).when(lambda tag: tag.redefine("score", OTHER)).then(anew).then_answers(2)
    given(Tag, DEFINED).when(lambda tag: tag.redefine("score", TERMS)).then().then_answers(1)
    given(Tag).when(lambda tag: tag.redefine("score", TERMS)).then_raises(errors.TagNotFoundError)


def test_one_and_true_are_two_values() -> None:
    """Python has them equal; a tag is another one."""
    one, true = (msgspec.structs.replace(TERMS, value={"type": "constant", "value": it}) for it in (1, True))
    defined = Tag.Defined(key="score", tag_version=1, terms=one)
    given(Tag, defined).when(lambda tag: tag.redefine("score", true)).then_answers(2)


def test_a_tag_that_comes_with_koi_gets_its_stream_with_its_first_change() -> None:
    """Its own version goes on from the one that was shipped."""
    changed = Tag.Redefined(key="score", tag_version=4, terms=OTHER)
    given(Tag).when(lambda tag: tag.redefine("score", OTHER, shipped=3)).then(changed).then_answers(4)
    given(Tag).when(lambda tag: tag.retire("score", "not ours", shipped=3)).then(
        Tag.Retired(key="score", reason="not ours")
    )


def test_weights_are_tuned_by_the_names_of_the_parts() -> None:
    """Whatever is not named stays; a part that is not there is named."""
    tuned = msgspec.structs.replace(
        TERMS, value=SCORE | {"parts": [SCORE["parts"][0] | {"weight": 5.0}, SCORE["parts"][1]]}
    )
    said = Tag.WeightsTuned(key="score", tag_version=2, weights={"views": 5.0}, terms=tuned)
    given(Tag, DEFINED).when(lambda tag: tag.tune("score", {"views": 5.0}, TERMS)).then(said).then_answers(2)
    given(Tag, DEFINED).when(lambda tag: tag.tune("score", {"views": 1.0}, TERMS)).then().then_answers(1)
    unknown = given(Tag, DEFINED).when(lambda tag: tag.tune("score", {"likes": 5.0}, TERMS))
    assert unknown.then_raises(errors.TagTermsError).field == "weights.likes"
    plain = msgspec.structs.replace(TERMS, value={"type": "attribute", "name": "city"})
    given(Tag, DEFINED).when(lambda tag: tag.tune("score", {"views": 5.0}, plain)).then_raises(errors.TagTermsError)


def test_a_retired_tag_changes_no_more() -> None:
    """Its key stays taken."""
    over = Tag.Retired(key="score", reason="replaced")
    given(Tag, DEFINED).when(lambda tag: tag.retire("score", " replaced ")).then(over)
    given(Tag, DEFINED, over).when(lambda tag: tag.redefine("score", OTHER)).then_raises(errors.TagRetiredError)
    given(Tag, DEFINED, over).when(lambda tag: tag.define("score", OTHER)).then_raises(errors.TagExistsError)


def test_keys_names_and_labels_have_a_form() -> None:
    """Each problem names its field."""
    with pytest.raises(errors.TagTermsError) as wrong:
        tag_stream("High Value")
    assert wrong.value.field == "key"
    blank = msgspec.structs.replace(TERMS, name_zh=" ")
    assert given(Tag).when(lambda tag: tag.define("score", blank)).then_raises(errors.TagTermsError).field == "name_zh"
    half = msgspec.structs.replace(TERMS, labels={"a": {"zh": "甲"}})
    refused = given(Tag).when(lambda tag: tag.define("score", half)).then_raises(errors.TagTermsError)
    assert refused.field == "labels.a"
