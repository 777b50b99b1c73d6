"""Tags as sentences: complete, with units, and with everything that they are made of."""

import re
from zoneinfo import ZoneInfo

import pytest

from domain.kernel.rules.resolving import Definitions
from domain.tags.sentence import made_of, sentence, weights
from domain.tags.shipped import shipped
from projections.rule_names.labels import labels
from projections.tag_catalogue.queries import Catalogue, Listed

_CATALOGUE = Catalogue(
    tags={key: Listed(definition=one, origin="shipped") for key, one in shipped().tags.items()}, retired={}
)
DEFINITIONS = Definitions(tags=_CATALOGUE.values)
LABELS = labels(_CATALOGUE, {}, [], ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("key", "zh", "en"),
    [
        ("spend_180d", "近180天内「完成订单」或「订单退款」的净金额(退款为负)合计（单位：元）", "(in yuan)"),
        (
            "days_since_refund",
            "最近一次「订单退款」距今天数（单位：天）",
            'days since the last "Order refunded" (in days)',
        ),
        ("may_wechat", "是：微信（营销）已同意接收；否则为否", "yes if agreed to marketing by WeChat; otherwise no"),
        (
            "funnel_stage_7d",
            "若近7天内有「完成订单」，则为 已支付；否则若近7天内有「开始结算」",
            "otherwise no value",
        ),
        (
            "hot_day",
            "是：当地最高气温(℃) ≥ 33；否则为否",
            "yes if local highest temperature (°C) is at least 33; otherwise no",
        ),
    ],
)
def test_a_tag_is_said_with_windows_units_and_the_names_of_its_values(key: str, zh: str, en: str) -> None:
    """The first case that holds counts, and where none does there is no value: the words say so."""
    said = sentence(shipped().tags[key], LABELS, shipped().units)
    assert said.zh.startswith(zh)
    assert said.en.endswith(en)


def test_every_tag_that_comes_with_koi_is_said_in_words_people_know() -> None:
    """No key, code or name of a field shows through."""
    for key, tag in shipped().tags.items():
        said = sentence(tag, LABELS, shipped().units)
        assert not re.search(r"[a-z]+_[a-z_]+", said.zh), key
        assert not re.search(r"[a-z]+_[a-z_]+", said.en), key


def test_a_score_tells_its_weights_and_what_its_parts_are_made_of() -> None:
    """Down to tags that name no others; each once."""
    score = shipped().tags["engagement_score"].value
    told = {one.name: (one.weight, one.says.zh) for one in weights(score, LABELS)}
    assert {"shares": (4.0, "近 30 天分享次数"), "bought": (15.0, "近30天内有「完成订单」")}.items() <= told.items()
    made = made_of(score, DEFINITIONS, LABELS)
    assert [one.key for one in made] == list(dict.fromkeys(one.key for one in made))
    assert "近30天内「分享商品」" in {one.key: one.says.zh for one in made}["share_count_30d"]
    assert weights(shipped().tags["spend_180d"].value, LABELS) == []
    nested = made_of(shipped().tags["rfm_type"].value, DEFINITIONS, LABELS)
    assert {"recency_score", "spend_365d"} <= {one.key for one in nested}
