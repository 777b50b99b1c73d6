"""What conditions say about facts."""

import msgspec
import pytest

from domain.journeys.conditions import Condition, Operator, found, hold, picked

PROPERTIES = {
    "sku": "SKU-1",
    "quantity": 2,
    "is_gift": True,
    "cart": {"total": 299.5, "lines": [{"sku": "SKU-1"}, {"sku": "SKU-2"}]},
    "utm.source": "douyin",
    "note": None,
}


@pytest.mark.parametrize(
    ("path", "op", "value", "holds"),
    [
        ("sku", "eq", "SKU-1", True),
        ("sku", "ne", "SKU-1", False),
        ("missing", "ne", "SKU-1", True),
        ("missing", "eq", "SKU-1", False),
        ("quantity", "gte", 2, True),
        ("quantity", "gt", 2, False),
        ("quantity", "lt", 2.5, True),
        ("quantity", "eq", True, False),
        ("is_gift", "eq", True, True),
        ("is_gift", "eq", 1, False),
        ("is_gift", "gt", 0, False),
        ("sku", "gt", 5, False),
        ("sku", "lt", "SKU-2", True),
        ("missing", "lt", 5, False),
        ("cart.total", "lte", 299.5, True),
        ("cart.lines.1.sku", "eq", "SKU-2", True),
        ("cart.lines.7.sku", "exists", False, True),
        ("utm.source", "in", ("douyin", "wechat"), True),
        ("utm.source", "in", ("taobao",), False),
        ("utm.source", "in", "douyin", False),
        ("note", "exists", True, False),
        ("sku", "exists", True, True),
        ("amount", "gte", 10_000, True),
    ],
)
def test_a_condition_compares_one_property(path: str, op: Operator, value: object, *, holds: bool) -> None:
    """Values of different kinds are never equal and never ordered."""
    condition = msgspec.convert({"property": path, "op": op, "value": value}, Condition)
    assert hold((condition,), 10_000, PROPERTIES) is holds


def test_all_conditions_must_hold() -> None:
    """None at all hold for every fact."""
    yes, no = Condition(property="is_gift"), Condition(property="sku", value="SKU-9")
    assert hold((), None, PROPERTIES)
    assert hold((yes,), None, PROPERTIES)
    assert not hold((yes, no), None, PROPERTIES)


def test_only_plain_values_are_picked_from_a_fact() -> None:
    """What is kept with a walk is small and readable; it is found again under the same path."""
    kept = picked({"sku", "cart.total", "cart", "note", "missing", "amount"}, 500, PROPERTIES)
    assert kept == {"amount": 500, "cart.total": 299.5, "sku": "SKU-1"}
    assert found("cart.total", None, kept) == 299.5
