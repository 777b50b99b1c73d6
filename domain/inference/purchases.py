"""What purchases say of a customer: a pure function of all of them, so any order and any repeat come to the same."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from domain.identity.inference import Inference
from domain.inference.rules import InferenceRules, Purchases
from domain.kernel.folding import folded

MOST_EVIDENCE: Final = 5
# Where a fact's body names products, and by which keys.
_LISTS: Final = ("products", "items", "lines", "goods")
_KEYS: Final = frozenset(
    {
        *("name", "product_name", "goods_name", "item_name", "title", "product_title", "sku_name"),
        *("category", "product_category", "categories", "brand", "product_type", "department", "variant"),
        *("商品", "商品名称", "品类", "类目", "品牌"),
    }
)


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase or refund: `products` are the words about each product, `order` the number both may share."""

    fact_id: int
    occurred_at: datetime
    is_refund: bool
    amount: int | None
    order: str | None
    products: tuple[str, ...]


class Concluded(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of a customer by her purchases, and the names of the rules that do not."""

    holding: tuple[Inference, ...]
    others: tuple[str, ...]


def products_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words about each product in a fact's body, in small letters; those of the body itself count as one."""
    listed = [item for name in _LISTS if isinstance(found := body.get(name), list) for item in found]
    texts = [_words(item) for item in (*listed, body) if isinstance(item, dict)]
    return tuple(text for text in texts if text)


def _words(item: Mapping[str, Any]) -> str:
    found: list[str] = []
    for key, value in item.items():
        if folded(key) in _KEYS:
            found += [value] if isinstance(value, str) else [one for one in _listed(value) if isinstance(one, str)]
    return " ".join(found).casefold()


def _listed(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()


def concerns(products: Iterable[str], rules: InferenceRules) -> bool:
    """Tell whether any rule asks for one of these products."""
    return any(_matches(text, rule) for text in products for rule in rules.purchases)


def concluded(bought: Sequence[Bought], rules: InferenceRules) -> Concluded:
    """Return what follows from all that a customer bought and brought back."""
    holding = [found for rule in rules.purchases if (found := _following(bought, rule)) is not None]
    held = {one.rule for one in holding}
    return Concluded(holding=tuple(holding), others=tuple(r.rule for r in rules.purchases if r.rule not in held))


def _following(bought: Sequence[Bought], rule: Purchases) -> Inference | None:
    kept = [one for one in bought if not one.is_refund and _has(one, rule) and not _is_returned(one, bought, rule)]
    if not kept:
        return None
    kept.sort(key=lambda one: (one.occurred_at, one.fact_id), reverse=True)
    newest = kept[0].occurred_at
    counted = [one for one in kept if newest - one.occurred_at <= timedelta(days=rule.within_days)]
    if len(counted) < rule.at_least:
        return None
    return Inference(
        attribute=rule.attribute,
        value=rule.value,
        rule=rule.rule,
        confidence=rule.confidence,
        evidence=tuple(f"fact:{one.fact_id}" for one in counted[:MOST_EVIDENCE]),
        occurred_at=newest,
        expires_at=newest + timedelta(days=rule.holds_days),
    )


def _is_returned(one: Bought, bought: Iterable[Bought], rule: Purchases) -> bool:
    """Tell whether a purchase was brought back: the product of the rule, or all of it."""
    if one.order is None:
        return False
    refunds = [other for other in bought if other.is_refund and other.order == one.order]
    if any(_has(refund, rule) for refund in refunds):
        return True
    returned = sum(refund.amount or 0 for refund in refunds if not refund.products)
    return bool(refunds) and one.amount is not None and returned >= one.amount


def _has(one: Bought, rule: Purchases) -> bool:
    return any(_matches(text, rule) for text in one.products)


def _matches(text: str, rule: Purchases) -> bool:
    def has(words: Iterable[str]) -> bool:
        return any(word.casefold() in text for word in words)

    return has(rule.words) and (not rule.needs or has(rule.needs)) and not has(rule.unless)
