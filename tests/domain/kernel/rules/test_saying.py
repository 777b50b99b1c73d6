"""Sentences: rules and values as a marketer would say them, in Chinese and English."""

from typing import Any

import pytest
from hypothesis import given, settings

from domain.kernel.rules.known import Known
from domain.kernel.rules.reading import read_rule, read_value
from domain.kernel.rules.saying import Label, Labels, say
from domain.kernel.rules.tree import Compare, Prediction, Rule, Value
from tests.domain.kernel.rules.strategies import rules, values

LABELS = Labels(
    events={
        "order.completed": Label(zh="完成订单", en="Order completed"),
        "order.shipped": Label(zh="订单发货", en="Order shipped"),
        "product.viewed": Label(zh="浏览商品", en="Product viewed"),
        "cart.item_added": Label(zh="加入购物车", en="Added to cart"),
        "app.opened": Label(zh="打开应用", en="App opened"),
        "live_stream.entered": Label(zh="进入直播间", en="Live stream entered"),
    },
    fields={
        "events": {
            "amount": Label(zh="金额", en="Amount", is_money=True),
            "channel": Label(zh="渠道", en="Channel", values={"app": Label(zh="应用", en="the app")}),
        },
        "items": {"category": Label(zh="品类", en="Category"), "amount": Label(zh="金额", en="Amount", is_money=True)},
    },
    tags={
        "value.spent_365d": Label(zh="近一年消费", en="Spent in a year", is_money=True),
        "value.orders_30d": Label(zh="近30天订单数", en="Orders in 30 days"),
    },
    segments={"high_value": Label(zh="高价值", en="High value")},
    contexts={"weather": Label(zh="天气", en="Weather", values={"rain": Label(zh="雨", en="rain")})},
    models={
        "churn": Label(zh="流失", en="Churn"),
        "ltv": Label(zh="生命周期价值", en="Lifetime value", is_money=True),
    },
    channels={"sms": Label(zh="短信", en="SMS")},
    purposes={"marketing": Label(zh="营销", en="Marketing")},
    identifiers={"phone": Label(zh="手机号", en="Phone number")},
    words={"vip": Label(zh="贵宾", en="VIP")},
)
ORDERS: dict[str, Any] = {
    "type": "measure",
    "events": ["order.completed"],
    "within": {"type": "last", "amount": 30},
}
CITY = {"type": "attribute", "name": "city"}
SPENT = ORDERS | {"take": "sum", "field": "amount"}
ONCE = {"type": "compare", "left": ORDERS, "op": "gte", "right": 1}
LAST_MONTH = {"type": "calendar", "unit": "month", "ago": 1}
MONTH_BEFORE = {"type": "last", "amount": 60, "ending": 30}
MOST_VIEWED = ORDERS | {"events": ["product.viewed"], "of": "items", "take": "top", "field": "category"}
LIVE = ORDERS | {"events": ["live_stream.entered"]}
VIP = {"type": "tagged", "key": "vip"}
FRESH = {"type": "compare", "left": {"type": "field", "name": "category"}, "right": "生鲜"}
DEAR = {"type": "compare", "left": {"type": "field", "name": "amount"}, "op": "gte", "right": 10_000}


def compare(left: object, op: str, right: object = None) -> dict[str, Any]:
    """Compare two things."""
    return {"type": "compare", "left": left, "op": op} | ({} if right is None else {"right": right})


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        (
            {"type": "all", "of": [compare(ORDERS, "gte", 3), compare(CITY, "eq", "杭州")]},
            "近30天内「完成订单」≥3次，且 城市 是 杭州",
            "completed an order at least 3 times in the last 30 days, and city is 杭州",
        ),
        (ONCE, "近30天内有「完成订单」", "completed an order in the last 30 days"),
        (compare(ORDERS, "eq", 0), "近30天内没有「完成订单」", "has not completed an order in the last 30 days"),
        (
            compare(ORDERS | {"within": {"type": "last", "amount": 1, "unit": "hour"}}, "eq", 1),
            "近1小时内「完成订单」=1次",
            "completed an order exactly 1 time in the last hour",
        ),
        (
            compare({"type": "measure", "events": ["order.shipped"], "within": LAST_MONTH}, "gt", 2),
            "上月「订单发货」>2次",
            'had "Order shipped" more than 2 times last month',
        ),
        (
            compare(SPENT, "gte", 50_000),
            "近30天内「完成订单」的金额合计 ≥ 500元",
            'total amount of "Order completed" in the last 30 days is at least 500 yuan',
        ),
        (
            compare(SPENT | {"take": "mean", "within": MONTH_BEFORE}, "between", [999, 10_050]),
            "60天前至30天前「完成订单」的金额平均值 在 9.99元 到 100.5元 之间",
            'average amount of "Order completed" between 60 and 30 days ago is between 9.99 yuan and 100.5 yuan',
        ),
        (
            compare(ORDERS | {"where": DEAR}, "gte", 2),
            "近30天内「完成订单」（金额 ≥ 100元）≥2次",
            "completed an order (amount is at least 100 yuan) at least 2 times in the last 30 days",
        ),
        (
            compare(ORDERS | {"of": "items", "where": FRESH}, "gte", 1),
            "近30天内有「完成订单」中的商品（品类 是 生鲜）",
            "completed an order with an item (category is 生鲜) in the last 30 days",
        ),
        (
            compare(MOST_VIEWED, "in", ["空调", "风扇"]),
            "近30天内「浏览商品」中的商品最多的品类 是 空调、风扇 之一",
            'most frequent category of items of "Product viewed" in the last 30 days is one of 空调, 风扇',
        ),
        (
            compare({"type": "measure", "take": "days_since_last"}, "gte", 90),
            "最近一次任意行为距今 ≥ 90天",
            "the last activity was at least 90 days ago",
        ),
        (compare(CITY, "not_in", ["杭州", "上海"]), "城市 不是 杭州、上海 中的任何一个", "city is none of 杭州, 上海"),
        (
            compare(CITY, "in", list("甲乙丙丁戊己庚辛")),
            "城市 是 甲、乙、丙、丁、戊、己…等 8 个 之一",
            "city is one of 甲, 乙, 丙, 丁, 戊, 己 and 2 more",
        ),
        (compare(CITY, "exists"), "城市 已知", "city is known"),
        (compare({"type": "attribute", "name": "sex"}, "eq", "female"), "性别 是 女", "sex is female"),
        (compare({"type": "attribute", "name": "has_baby"}, "eq", right=True), "has_baby：是", "has_baby is yes"),
        (compare({"type": "attribute", "name": "age"}, "lt", 26), "年龄 < 26", "age is below 26"),
        (
            compare({"type": "tag", "key": "value.spent_365d"}, "gt", 500_000),
            "近一年消费 > 5,000元",
            "spent in a year is above 5,000 yuan",
        ),
        (
            compare({"type": "context", "name": "weather"}, "eq", "rain"),
            "当地天气 是 雨",
            "local weather is rain",
        ),
        (
            compare({"type": "prediction", "model": "churn"}, "gte", 0.75),
            "模型「流失」的预测 ≥ 0.75",
            'prediction of model "Churn" is at least 0.75',
        ),
        (
            {
                "type": "sequence",
                "within": {"type": "last", "amount": 7},
                "steps": [{"events": ["product.viewed"]}, {"events": ["cart.item_added"], "limit_seconds": 1_800}],
            },
            "近7天内先「浏览商品」，然后30分钟内「加入购物车」",
            "viewed a product, then within 30 minutes added to cart, in the last 7 days",
        ),
        (
            {
                "type": "sequence",
                "within": {"type": "last", "amount": 1},
                "steps": [{"events": ["cart.item_added"]}],
                "unless": {"events": ["order.completed"], "limit_seconds": 3_600},
            },
            "近1天内有「加入购物车」，之后1小时内没有「完成订单」",
            "added to cart in the last day, but has not completed an order within 1 hour of it",
        ),
        (
            {"type": "has_been", "amount": 3, "unit": "month", "rule": {"type": "in_segment", "key": "high_value"}},
            "已连续3个月满足（在分群「高价值」中）",
            'for 3 months without a break: (in segment "High value")',
        ),
        (
            {"type": "as_of", "at": "2026-11-11T00:00:00+08:00", "rule": ONCE},
            "在 2026-11-11 时满足（近30天内有「完成订单」）",
            "at 2026-11-11: (completed an order in the last 30 days)",
        ),
        (
            {
                "type": "any",
                "of": [
                    {"type": "all", "of": [VIP, {"type": "identified", "identifier": "phone"}]},
                    {"type": "not", "of": {"type": "in_segment", "key": "high_value"}},
                    {"type": "not", "of": ONCE},
                ],
            },
            "（有标签「贵宾」，且 有手机号），或 不在分群「高价值」中，或 不满足（近30天内有「完成订单」）",
            (
                '(has the tag "VIP", and has phone number), or not in segment "High value", '
                "or not (completed an order in the last 30 days)"
            ),
        ),
        ({"type": "consented", "channel": "sms"}, "短信（营销）已同意接收", "agreed to marketing by SMS"),
        (
            {"type": "sampled", "salt": "s", "until": 0.1},
            "在固定抽样的 0% 至 10% 中",
            "in the fixed sample from 0% to 10%",
        ),
        ({"type": "all", "of": []}, "所有人", "everybody"),
    ],
)  # fmt: skip
def test_a_rule_is_a_sentence(rule: object, zh: str, en: str) -> None:
    """In both languages."""
    said = say(read_rule(rule, Known()).taken(), LABELS)
    assert (said.zh, said.en) == (zh, en)


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (
            {"type": "arithmetic", "op": "divide", "left": SPENT, "right": ORDERS},
            "近30天内「完成订单」的金额合计 ÷ 近30天内「完成订单」的次数",
            (
                'total amount of "Order completed" in the last 30 days ÷ '
                'number of times of "Order completed" in the last 30 days'
            ),
        ),
        (
            {
                "type": "case",
                "cases": [{"rule": compare(ORDERS, "gte", 3), "then": {"type": "constant", "value": "常客"}}],
                "otherwise": {"type": "constant", "value": "新客"},
            },
            "若近30天内「完成订单」≥3次，则为 常客；否则为 新客",
            "常客 if completed an order at least 3 times in the last 30 days; otherwise 新客",
        ),
        (
            {
                "type": "weighted",
                "parts": [
                    {"name": "live", "weight": 20, "rule": compare(LIVE, "gte", 1)},
                    {"name": "app", "weight": 0.5, "value": ORDERS | {"events": ["app.opened"], "take": "active_days"}},
                ],
            },
            "0–100 分：近30天内有「进入直播间」：20 分；近30天内「打开应用」的天数 × 0.5",
            (
                "0 to 100 points: 20 if entered a live stream in the last 30 days; "
                'days with "App opened" in the last 30 days × 0.5'
            ),
        ),
    ],
)  # fmt: skip
def test_a_value_has_words(value: object, zh: str, en: str) -> None:
    """In both languages."""
    said = say(read_value(value, Known()).taken(), LABELS)
    assert (said.zh, said.en) == (zh, en)


@given(rules(depth=2), values())
@settings(max_examples=100)
def test_everything_can_be_said(rule: Rule, value: Value) -> None:
    """Also without labels: names stand in their place."""
    for node in (rule, value):
        said = say(node, Labels())
        assert said.zh
        assert said.en


def test_money_that_a_model_expects_is_said_in_yuan() -> None:
    """As money is everywhere; a probability stays the number it is."""
    value = Compare(left=Prediction(model="ltv"), op="gte", right=100_000)
    assert say(value, LABELS).zh == "模型「生命周期价值」的预测 ≥ 1,000元"
    risk = Compare(left=Prediction(model="churn"), op="gte", right=0.5)
    assert say(risk, LABELS).en == 'prediction of model "Churn" is at least 0.5'
