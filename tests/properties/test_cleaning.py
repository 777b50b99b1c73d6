"""Cleaning holds for whatever stands there: it never raises, never invents, and twice is as good as once."""

import string
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.cleaning.amounts import amount_text
from domain.cleaning.cleaning import Cleaner
from domain.cleaning.rules import ATTRIBUTES, shipped
from domain.context.addresses import addresses
from domain.context.regions import regions

SAID_AT = datetime(2026, 11, 25, 4, tzinfo=UTC)
CLEANER = Cleaner()
KINDS = st.sampled_from(ATTRIBUTES)
# What people write where they should write something else: words of the rules, digits, other scripts, nonsense.
WORDS = st.sampled_from(
    [
        "先生",
        "女士",
        "Mr.",
        "农历",
        "闰",
        "五月",
        "初三",
        "年",
        "月",
        "日",
        "测试",
        "男",
        "浙江",
        "朝阳区",
        "+86",
        "@",
        ".con",
        "T",
        "Z",
    ]
)
WRITTEN = st.lists(st.one_of(WORDS, st.text(max_size=6), st.text(string.digits + "-/.: ", max_size=8)), max_size=6)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), WRITTEN.map("".join)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@given(KINDS, ANYTHING)
@settings(max_examples=600, deadline=None)
def test_what_is_clean_stays_as_it_is(kind: str, value: object) -> None:
    """clean(clean(x)) is clean(x), and nothing makes it raise."""
    once = CLEANER.read(kind, value, "erp", SAID_AT)
    if once.value is not None:
        again = CLEANER.read(kind, once.value, "erp", SAID_AT)
        assert again.value == once.value
        assert not again.is_refused


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(["姓名", "gender", "Birthday", "mobile"]), st.text()), ANYTHING, max_size=5
    )
)
@settings(max_examples=200, deadline=None)
def test_no_attribute_is_lost_or_invented(said: dict[str, object]) -> None:
    """Each is kept clean, kept raw with a reason, or was a way to say nothing."""
    cleaned = CLEANER.clean(said, source="erp", said_at=SAID_AT)
    names = {CLEANER.canonical(key) for key in said}
    assert cleaned.attributes.keys() | cleaned.refused.keys() <= names
    assert cleaned.refused.keys() == cleaned.raw.keys()
    assert not cleaned.attributes.keys() & cleaned.refused.keys()
    others = {key: value for key, value in said.items() if CLEANER.canonical(key) not in ATTRIBUTES}
    assert {key: repr(cleaned.attributes[key]) for key in others} == {key: repr(one) for key, one in others.items()}
    again = CLEANER.clean(cleaned.attributes, source="erp", said_at=SAID_AT)
    assert {key: repr(one) for key, one in again.attributes.items()} == {
        key: repr(one) for key, one in cleaned.attributes.items()
    }


@given(st.dates(date(1915, 1, 1), date(2026, 11, 24)))
def test_a_birthday_survives_every_way_to_write_it(born: date) -> None:
    """Round trip, but for the placeholders."""
    if born.isoformat() in shipped().birthday.placeholders:
        return
    ways = [f"{born:%Y-%m-%d}", f"{born:%Y/%m/%d}", f"{born:%Y%m%d}", f"{born.year}年{born.month}月{born.day}日"]
    assert {CLEANER.read("birthday", way, "erp", SAID_AT).value for way in ways} == {born.isoformat()}


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)))  # noqa: DTZ001 - made UTC below
def test_an_instant_survives_every_way_to_write_it(local: datetime) -> None:
    """ISO with either offset, seconds, milliseconds."""
    at = local.replace(microsecond=0, tzinfo=UTC)
    text = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    seconds = int(at.timestamp())
    ways: list[object] = [
        text,
        (at + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S+0800"),
        f"{at + timedelta(hours=8):%Y年%m月%d日 %H:%M:%S}",
    ]
    ways += [seconds, seconds * 1000] if len(str(seconds)) in (9, 10) and len(str(seconds * 1000)) in (12, 13) else []
    if at.year >= 1992:  # no summer time in Shanghai since
        assert {CLEANER.read("joined_at", way, "erp", SAID_AT).value for way in ways} == {text}


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.sampled_from(["", "¥", "RMB "]),
    st.sampled_from(["", "元"]),
)
def test_an_amount_survives_its_signs_and_separators(amount: Decimal, before: str, behind: str) -> None:
    """Never another amount than the one that was written."""
    assert Decimal(amount_text(f"{before}{amount:,}{behind}", "CNY", shipped().money) or "NaN") == amount


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_is_placed_somewhere_that_exists_or_nowhere(text: str) -> None:
    """The candidates lie within what is sure."""
    placed = addresses().placed(text)
    assert placed.code is None or placed.code in regions()
    assert all(placed.code is None or regions().within(one, placed.code) for one in placed.candidates)
