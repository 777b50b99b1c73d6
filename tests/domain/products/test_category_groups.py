"""Specifications of the groups that categories of shops are brought to."""

import pytest

from domain.products.category_groups import declared

GROUPS = declared()


@pytest.mark.parametrize(
    ("category", "subcategory", "name", "department", "group"),
    [
        ("空调", None, None, None, "air_conditioner"),
        ("家用电器", None, "格力 1.5匹 空调", None, "air_conditioner"),
        ("家纺", None, "夏凉空调被", None, "home"),
        (None, None, "飞鹤婴儿奶粉3段", None, "formula"),
        (None, None, "中老年奶粉", None, None),
        ("INFANT FORMULA", "INFANT FORMULA STARTER", None, "DRUG GM", "formula"),
        ("DIAPERS & DISPOSABLES", None, None, "DRUG GM", "nappies"),
        ("HOT DOGS", None, None, "MEAT-PCKGD", "processed_meat"),
        ("MOLASSES/SYRUP/PANCAKE MIXS", "PANCAKE MIXES", None, "GROCERY", "grocery"),
        (None, None, "fantastic pants", None, None),
        (None, None, None, None, None),
    ],
)
def test_a_product_is_in_the_first_group_that_its_words_name(
    category: str | None, subcategory: str | None, name: str | None, department: str | None, group: str | None
) -> None:
    """The narrowest word counts, English ones as whole words only."""
    assert GROUPS.of(category, subcategory, name, department) == group


def test_every_group_has_two_labels_and_is_found_by_its_own_words() -> None:
    """A word that another group takes away finds nothing, and stands there for nothing."""
    taken = [
        (key, word)
        for key, group in GROUPS.groups.items()
        for word in group.words
        if GROUPS.of(word, None, None, None) != key
    ]
    assert taken == []
    assert all(group.zh and group.en for group in GROUPS.groups.values())
