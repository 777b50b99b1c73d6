"""Putting messages into words."""

import pytest

from domain.channels import template
from domain.channels.template import MissingValueError, TemplateError, Wording, chosen, places_of, render
from tests.builders import TEMPLATES

COME_BACK = template.parse(TEMPLATES)["come_back"]


def test_places_are_filled_with_values() -> None:
    """Whole numbers are written as such."""
    wording = Wording(subject="满${coupon_threshold}减${coupon_value}", text="共${cart.total}元,$$1起")
    values: dict[str, template.Value] = {"coupon_threshold": 50.0, "coupon_value": "5", "cart.total": 19.9}
    assert render(wording, values) == ("满50减5", "共19.9元,$1起")


def test_a_message_is_chosen_in_the_persons_language() -> None:
    """A region falls back to its language, an unknown language to the first wording."""
    assert chosen(COME_BACK, ("en",)) is COME_BACK["en"]
    assert chosen(COME_BACK, ("en_US",)) is COME_BACK["en"]
    assert chosen(COME_BACK, ("zh-CN", "en")) is COME_BACK["zh"]
    assert chosen(COME_BACK, ("fr", "en")) is COME_BACK["en"]
    assert chosen(COME_BACK, ("fr",)) is COME_BACK["zh"]
    assert chosen(COME_BACK, ()) is COME_BACK["zh"]


def test_a_place_without_a_value_is_named_and_nothing_is_sent() -> None:
    """Better no message than "Dear ${name}"."""
    with pytest.raises(MissingValueError, match="coupon_threshold, name") as refused:
        render(COME_BACK["zh"], {"coupon_value": "5", "coupon_code": "X", "name": None})
    assert refused.value.field == "coupon_threshold"


def test_a_value_cannot_add_a_header_or_a_place() -> None:
    """A line break in a product's name stays out of the subject, and ${...} in a value is only text."""
    wording = Wording(subject="${name}", text="${name}")
    assert render(wording, {"name": "羽绒服\r\nBcc: all@x.cn ${code}"}) == (
        "羽绒服 Bcc: all@x.cn ${code}",
        "羽绒服\r\nBcc: all@x.cn ${code}",
    )


def test_all_places_of_all_wordings_are_known_before_anything_is_sent() -> None:
    """So that only what messages need is kept of a fact."""
    assert places_of(template.parse(TEMPLATES)) == {"name", "coupon_threshold", "coupon_value", "coupon_code"}


@pytest.mark.parametrize(
    ("variants", "words"),
    [
        ({}, "some language"),
        ({"zh": {"subject": "你好"}}, "text"),
        ({"zh": {"text": "减$5"}}, r"\$\$"),
        ({"zh": {"text": "${}"}}, "a place is"),
        ({"zh": {"text": "x", "html": "<b>"}}, "html"),
        ("hello", "object"),
    ],
)
def test_a_template_that_cannot_be_read_is_named(variants: object, words: str) -> None:
    """The operator sees which one and what would be right."""
    with pytest.raises(TemplateError, match=words) as refused:
        template.parse({"come_back": variants})
    assert str(refused.value.field).startswith("templates.come_back")
