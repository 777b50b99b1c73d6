"""Cleaning: many spellings, one form; what cannot be understood is kept and told."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from domain.cleaning.amounts import amount_text
from domain.cleaning.cleaning import Cleaner
from domain.cleaning.moments import moment
from domain.cleaning.rules import Rules, RulesError, SourceRules, shipped

SAID_AT = datetime(2026, 11, 25, 4, tzinfo=UTC)
CLEANER = Cleaner()


def value_of(kind: str, value: object, source: str = "erp") -> Any:
    """What a value is cleaned to; `(rule,)` where it is refused, None where it says nothing."""
    reading = CLEANER.read(kind, value, source, SAID_AT)
    return (reading.rule,) if reading.is_refused else reading.value


@pytest.mark.parametrize(
    ("kind", "value", "clean"),
    [
        ("sex", "男", "male"),
        ("sex", " Ｆ ", "female"),
        ("sex", 2, "female"),
        ("sex", "保密", None),
        ("sex", "0", None),
        ("sex", "♂", ("sex.unknown_spelling",)),
        ("name", "王 芳", "王芳"),
        ("name", "李娜女士", "李娜"),
        ("name", "Mr. Smith", "Smith"),
        ("name", "ＬＩ Na", "LI Na"),
        ("name", "测试", None),
        ("name", "用户1234", None),
        ("name", "先生", None),
        ("name", "１２３", ("name.no_letters",)),
        ("birthday", "1990/5/3", "1990-05-03"),
        ("birthday", "19900503", "1990-05-03"),
        ("birthday", "1990年5月3日", "1990-05-03"),
        ("birthday", "90-05-03", "1990-05-03"),
        ("birthday", "26-12-01", "1926-12-01"),
        ("birthday", "5月3日", "--05-03"),
        ("birthday", "1900-01-01", None),
        ("birthday", "1970-01-01 00:00:00", None),
        ("birthday", "1990-05-02T16:00:00Z", "1990-05-03"),
        ("birthday", 641664000000, "1990-05-03"),
        ("birthday", "农历1990年五月初三", "lunar:1990-05-03"),
        ("birthday", "农历1990年闰五月初一", "lunar:1990-L05-01"),
        ("birthday", "2030-01-01", ("birthday.in_future",)),
        ("birthday", "1890-01-01", ("birthday.too_old",)),
        ("birthday", "31/02/1990", ("birthday.no_date",)),
        ("phone", "１３８ ００１３ ８０００", "+8613800138000"),
        ("phone", "12", ("phone.invalid",)),
        ("email", "ZHANG@QQ.CON", "zhang@qq.com"),
        ("email", "someone@gmial.com", "someone@gmial.com"),
        ("email", "test@test.com", None),
        ("region", "杭州", "330100"),
        ("region", "330184", "330110"),
        ("region", "朝阳区", ("region.ambiguous",)),
        ("joined_at", "2026/11/25 20:00", "2026-11-25T12:00:00Z"),
        ("joined_at", 1795867200, "2026-11-28T12:00:00Z"),
        ("joined_at", "gestern", ("time.no_time",)),
    ],
)
def test_a_value_has_one_form(kind: str, value: object, clean: object) -> None:
    """Whatever width, order, unit or calendar it was written in."""
    assert value_of(kind, value) == clean


def test_one_source_may_mean_something_else_by_a_number() -> None:
    """The rules name the source; the others stay as they are."""
    rules = replace(shipped(), source={"old-erp": SourceRules(zone="UTC", sex={"0": "female"})})
    own = Cleaner(rules)
    assert own.read("sex", "0", "old-erp", SAID_AT).value == "female"
    assert own.read("sex", "0", "erp", SAID_AT).value is None
    assert own.read("joined_at", "2026-11-25 20:00", "old-erp", SAID_AT).value == "2026-11-25T20:00:00Z"


def test_attributes_come_under_one_name_and_nothing_is_dropped_silently() -> None:
    """What cannot be understood is kept with its reason; a spelling that can be goes before it."""
    said = {"姓名": "李娜女士", "性别": "x", "gender": "F", "出生日期": "31/02/1990", "tier": "gold"}
    cleaned = CLEANER.clean(said, source="erp", said_at=SAID_AT)
    assert cleaned.attributes == {"name": "李娜", "sex": "female", "tier": "gold"}
    assert cleaned.refused == {"birthday": "birthday.no_date"}
    assert cleaned.raw == {"birthday": "31/02/1990"}
    assert cleaned.sex == "female"


def test_every_rule_counts_what_it_did() -> None:
    """For the metrics; the values are never among them."""
    own = Cleaner()
    own.clean({"sex": "男", "name": "测试", "birthday": "?"}, source="erp", said_at=SAID_AT)
    assert own.counts == {
        ("sex.spelling", "clean"): 1,
        ("name.placeholder", "dropped"): 1,
        ("birthday.no_date", "refused"): 1,
    }


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("¥1,299.00", "1299.00"),
        ("１９．９０元", "19.90"),
        ("1.2万元", "12000.0"),
        ("-¥5", "-5"),
        ("RMB 20", "20"),
        ("$5", None),
        ("1,29", None),
        ("--5", None),
        ("元", None),
    ],
)
def test_amounts_lose_their_signs_but_not_their_meaning(text: str, clean: str | None) -> None:
    """The sign of another currency, or a comma that could be a decimal point, is no amount."""
    assert amount_text(text, "CNY", shipped().money) == clean


def test_times_are_of_the_source_s_zone_unless_they_say_otherwise() -> None:
    """Of an hour that comes twice the first is meant."""
    new_york = ZoneInfo("America/New_York")
    assert moment("2026-11-01 01:30", new_york) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert moment("2026-11-25T12:00:00+08:00", new_york) == datetime(2026, 11, 25, 4, tzinfo=UTC)
    assert moment("1000-01-01", new_york) is None
    assert moment(None, new_york) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("[sex]", "[sex]\nmayle = []"), "cleaning.toml"),
        (('zone    = "Asia/Shanghai"', 'zone = "Mars"'), "zone"),
        (('female  = ["女"', 'female  = ["男", "女"'), "sex"),
        (("[attributes]", '[attributes]\nshoe = ["鞋码"]'), "attributes"),
    ],
)
def test_a_slip_in_the_rules_is_told_with_its_key(change: tuple[str, str], field: str) -> None:
    """Rules that half apply would be worse than none."""
    from importlib import resources

    text = resources.files("domain.cleaning").joinpath("rules.toml").read_text("utf-8")
    assert change[0] in text
    with pytest.raises(RulesError) as wrong:
        Rules.read(text.replace(*change, 1))
    assert wrong.value.field == field
