"""A CRM's tags in Koi's catalogue: what is mapped, and what is kept under its own name."""

import tomllib
from typing import Any

import pytest

from domain.ingestion.tag_mapping import TagError, TagMapping, TagMappingError, read_tags
from domain.tags.words import Tag

MAPPING = """
source = "crm main"
[tags."咖啡爱好者"]
key = "interest.coffee"
zh = "咖啡爱好者"
en = "Coffee lover"
[tags."等级"]
key = "member.level"
zh = "会员等级"
en = "Member level"
values = { "金卡" = "gold" }
"""


@pytest.fixture
def mapping() -> TagMapping:
    """A CRM with two tags."""
    return read_tags(tomllib.loads(MAPPING))


def test_a_mapped_tag_has_its_key_its_value_and_keeps_its_own_name(mapping: TagMapping) -> None:
    """The catalogue speaks one language, the source its own."""
    told, is_known = mapping.told(" 咖啡爱好者 ")
    assert (told.tag, is_known) == (Tag("interest.coffee", "", "咖啡爱好者"), True)
    told, is_known = mapping.told("等级", "金卡")
    assert (told.tag, told.is_many, is_known) == (Tag("member.level", "gold", "等级"), False, True)
    assert mapping.labels["member.level"].zh == "会员等级"


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("爱喝茶", "", "crm.crm_main.爱喝茶"),
        ("VIP Club", "", "crm.crm_main.vip_club"),
        ("等级", "钻石", "crm.crm_main.等级"),
        ("★★★", "", "crm.crm_main.unnamed_ef1a9b0c"),
        ("x" * 100, "", "crm.crm_main." + "x" * 55 + "_"),
    ],
)
def test_what_is_not_mapped_is_kept_under_the_sources_name(
    mapping: TagMapping, name: str, value: str, key: str
) -> None:
    """Never dropped: a value that the mapping does not know counts as not mapped as well."""
    told, is_known = mapping.told(name, value)
    assert not is_known
    assert told.tag.key.rpartition("_")[0] == key.rpartition("_")[0]
    assert (told.tag.value, told.tag.name, told.is_many) == (value, name, True)


def test_a_tag_without_a_name_is_none(mapping: TagMapping) -> None:
    """Nobody could say what it means."""
    with pytest.raises(TagError):
        mapping.told(" \n ", "gold")


def test_long_and_odd_names_are_kept_in_one_line(mapping: TagMapping) -> None:
    """Two that begin alike stay two."""
    one, other = (mapping.told("x" * 200 + end)[0].tag for end in "ab")
    assert one.name != other.name
    assert max(len(one.name), len(one.key.rpartition(".")[2])) <= 128
    assert mapping.told("VIP\x00\n club", " a\tb ")[0].tag == Tag("crm.crm_main.vip_club", "a b", "VIP club")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "Coffee"}, "tags.x.key"),
        ({"key": "crm.coffee"}, "tags.x.key"),
        ({"zh": " "}, "tags.x"),
        ({"colour": "red"}, "tags[...]"),
    ],
)
def test_a_slip_in_the_mapping_is_told_with_its_place(change: dict[str, Any], field: str) -> None:
    """Whoever writes it sees where."""
    rule = {"key": "interest.coffee", "zh": "咖啡", "en": "Coffee"} | change
    with pytest.raises(TagMappingError) as refusal:
        read_tags({"source": "crm", "tags": {"x": rule}})
    assert refusal.value.field == field
