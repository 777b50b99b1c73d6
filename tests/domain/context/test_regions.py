"""Regions: names, parents, addresses, former codes and phone segments."""

import pytest

from domain.context.addresses import addresses
from domain.context.former_regions import former_regions
from domain.context.phone_places import phone_places
from domain.context.regions import regions


def test_a_code_names_a_region_and_those_above_it() -> None:
    """Also where a municipality has no cities, and a county is run by its province."""
    assert regions().name("330106") == "浙江省杭州市西湖区"
    assert regions().name("110105") == "北京市朝阳区"
    assert regions().name("429004") == "湖北省仙桃市"
    assert [region.code for region in regions().path("330106")] == ["330000", "330100", "330106"]
    assert len(regions().children()) == 34
    assert regions().get("710000") is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("浙江省杭州市西湖区文三路100号", "330106"),
        ("浙江杭州 西湖", "330106"),
        ("北京朝阳", "110105"),
        ("京", "110000"),
        ("吉林", "220000"),
        ("吉林市", "220200"),
        ("云南红河", "532500"),
        ("贵州黔西", "520581"),
        ("黔西南", "522300"),
        ("上海市浦东新区南京路1号", "310115"),
        ("广西壮族自治区南宁市", "450100"),
        ("中国广东省深圳市南山区", "440305"),
        ("江苏鼓楼区", "320000"),
    ],
)
def test_an_address_is_placed_as_far_as_it_is_sure(text: str, code: str) -> None:
    """The longest names count, each within the last."""
    assert addresses().placed(text).code == code


@pytest.mark.parametrize("text", ["朝阳区", "西湖区", "鼓楼区"])
def test_an_ambiguous_name_is_told_not_guessed(text: str) -> None:
    """Several cities have such a district."""
    placed = addresses().placed(text)
    assert placed.code is None
    assert placed.is_ambiguous


@pytest.mark.parametrize("text", ["", "南京东路100号", "Hello", "吉林大路", "12345"])
def test_what_is_no_region_is_none(text: str) -> None:
    """A road named after a city lies anywhere."""
    assert addresses().placed(text).code is None


@pytest.mark.parametrize(
    ("code", "today", "exactness"),
    [
        ("330106", "330106", "current"),
        ("330184", "330110", "successor"),  # 余杭市, now a district
        ("510202", "500103", "successor"),  # Chongqing was Sichuan's
        ("520522", "520581", "successor"),  # 黔西县 became a city
        ("422301", "421200", "city"),
        ("320503", "320500", "city"),  # 平江区 was merged into another
        ("110103", "110000", "province"),  # 崇文区 likewise
        ("830000", "710000", "successor"),
        ("999999", None, "unknown"),
    ],
)
def test_a_code_of_former_years_becomes_what_it_is_today(code: str, today: str | None, exactness: str) -> None:
    """As far as names tell; of a district that was merged only the city is known."""
    resolved = former_regions().resolve(code)
    assert (resolved.code, resolved.exactness) == (today, exactness)


def test_a_mainland_number_tells_city_and_carrier_others_their_country() -> None:
    """What the data do not have is not made up."""
    changzhou = phone_places().place("+8613912345678")
    assert (changzhou.region, changzhou.carrier_en, changzhou.en) == ("320400", "China Mobile", "Changzhou, Jiangsu")
    assert phone_places().place("+12125550123").country == "US"
    assert phone_places().place("+85291234567").region == "810000"
    unknown = phone_places().place("+8619912345678")
    assert (unknown.region, unknown.country) == (None, "CN")
    assert phone_places().place("nobody").country is None


def test_every_region_of_today_is_found_by_its_full_name() -> None:
    """No name is shadowed by another."""
    for region in regions():
        full = regions().name(region.code)
        assert addresses().placed(full).code == region.code, full
