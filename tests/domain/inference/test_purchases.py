"""What purchases say: by keyword rules, however they came, unless they were brought back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inference.purchases import Bought, concerns, concluded, products_of
from domain.inference.rules import InferenceRules, RulesError, shipped

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def bought(fact_id: int, *products: str, day: int = 0, **fields: Any) -> Bought:
    """A purchase on a day of November, of order number `fact_id` unless said otherwise."""
    row: dict[str, Any] = {"is_refund": False, "amount": 100, "order": str(fact_id)}
    at = NOON + timedelta(days=day)
    return Bought(fact_id=fact_id, occurred_at=at, products=tuple(one.casefold() for one in products), **(row | fields))


def held(*facts: Bought) -> dict[str, tuple[object, tuple[str, ...]]]:
    """Value and evidence by rule."""
    return {one.rule: (one.value, one.evidence) for one in concluded(facts, shipped()).holding}


def test_formula_tells_of_a_baby_and_its_stage_of_its_age() -> None:
    """The evidence are the facts, the newest first."""
    found = held(bought(1, "爱他美 1段 婴儿配方奶粉 800g"), bought(2, "Diapers size S", day=5))
    assert found["bought_for_baby"] == (True, ("fact:2", "fact:1"))
    assert found["formula_stage_1"] == ("0-6m", ("fact:1",))
    assert "formula_stage_2" not in found


@pytest.mark.parametrize("product", ["中老年奶粉", "Adult diapers", "牛奶", "1段 耳机"])
def test_what_only_sounds_so_tells_nothing(product: str) -> None:
    """Milk powder for the old, headphones of one segment."""
    assert held(bought(1, product)) == {}


def test_a_rule_may_ask_for_several_orders_close_to_each_other() -> None:
    """Twice within a year for a pet."""
    assert "bought_for_pet" not in held(bought(1, "猫粮 5kg"))
    assert held(bought(1, "猫粮 5kg"), bought(2, "猫砂", day=300))["bought_for_pet"] == (True, ("fact:2", "fact:1"))
    assert "bought_for_pet" not in held(bought(1, "猫粮 5kg"), bought(2, "猫砂", day=400))


def test_what_is_brought_back_was_not_bought() -> None:
    """All of the order, or the product; money back for something else changes nothing."""
    order = bought(1, "奶粉", order="A", amount=200)
    refund = {"is_refund": True, "order": "A"}
    assert held(order, bought(2, day=1, amount=200, **refund)) == {}
    assert held(order, bought(2, "奶粉", day=1, amount=50, **refund)) == {}
    assert "bought_for_baby" in held(order, bought(2, day=1, amount=50, **refund))
    assert "bought_for_baby" in held(order, bought(2, "牛奶", day=1, amount=200, **refund))


def test_products_are_found_wherever_sources_name_them() -> None:
    """In the list of an order, or in the fact itself; a shop's name is no product."""
    body = {
        "products": [{"name": "奶粉", "sku": "1"}, {"category": ["Baby", "Diapers"]}],
        "product_name": "X",
        "store": "奶粉店",
    }
    assert products_of(body) == ("奶粉", "baby diapers", "x")
    assert concerns(products_of(body), shipped())
    assert not concerns(products_of({"store": "奶粉店", "products": "nonsense"}), shipped())


def test_an_inference_holds_for_a_while_after_the_last_purchase() -> None:
    """Children grow."""
    (baby,) = [one for one in concluded([bought(1, "尿不湿")], shipped()).holding if one.rule == "bought_for_baby"]
    assert baby.expires_at == NOON + timedelta(days=365)


FACTS = st.lists(
    st.builds(
        bought,
        st.integers(1, 6),
        st.sampled_from(["奶粉 1段", "尿不湿", "牛奶", "猫粮"]),
        day=st.integers(0, 500),
        is_refund=st.booleans(),
        order=st.sampled_from(["A", "B", None]),
    ),
    max_size=8,
    unique_by=lambda one: one.fact_id,
)


@given(st.data(), FACTS)
def test_the_order_of_arrival_does_not_show(data: st.DataObject, facts: list[Bought]) -> None:
    """A pure function of the set of facts."""
    other = data.draw(st.permutations(facts))
    assert concluded(facts, shipped()) == concluded(other, shipped())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("confidence = 75", "confidence = 100"),
        ("at_least   = 1", "at_least = 0"),
        ('rule       = "formula_stage_1"', 'rule = "bought_for_baby"'),
        ("[from.phone_region]", "[from.phone_colour]"),
    ],
)
def test_a_slip_in_the_rules_is_told(change: str, field: str) -> None:
    """What is certain was said; a rule needs words, numbers and a name of its own."""
    from importlib import resources

    text = resources.files("domain.inference").joinpath("rules.toml").read_text("utf-8")
    assert change in text
    with pytest.raises(RulesError):
        InferenceRules.read(text.replace(change, field, 1))
