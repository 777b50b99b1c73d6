"""An offer: the terms under which coupons of a campaign are issued."""

from typing import ClassVar

import msgspec

from domain.kernel.errors import InvalidInputError

_MOST_PER_CUSTOMER = 100


class OfferTermsError(InvalidInputError):
    """The terms of an offer contradict each other or cannot be kept."""

    code: ClassVar[str] = "offer.terms"


class Offer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a coupon of this offer is worth, and to how many customers it is promised.

    `value` off an order of at least `threshold`, both minor units (fen) of `currency`; a threshold of 0 is none. A
    coupon is good for `valid_seconds` after it is issued. `stock` limits all coupons together (None: unlimited),
    `per_customer` those of one person. `product_ids` binds the offer to goods (None: the whole order).
    """

    offer_id: str
    label: str
    value: int
    currency: str
    threshold: int = 0
    valid_seconds: int = 7 * 86_400
    stock: int | None = None
    per_customer: int = 1
    product_ids: tuple[str, ...] | None = None


def checked(offer: Offer) -> Offer:
    """Return the offer if its terms can be kept; raises `OfferTermsError` naming the first that cannot."""
    rules = (
        ("offer_id", bool(offer.offer_id.strip()), "an offer needs an id, such as cart-5-off"),
        ("value", offer.value > 0, "the value is a positive number of minor units (500 is five yuan)"),
        ("threshold", offer.threshold >= 0, "the threshold is zero or more minor units; zero means none"),
        (
            "threshold",
            offer.threshold == 0 or offer.threshold >= offer.value,
            "the threshold is below the value, so the goods would be free: raise it, or set it to 0 for no threshold",
        ),
        ("valid_seconds", offer.valid_seconds > 0, "a coupon must be valid for at least a second"),
        ("stock", offer.stock is None or offer.stock > 0, "the stock is at least one coupon, or null for no limit"),
        (
            "per_customer",
            1 <= offer.per_customer <= _MOST_PER_CUSTOMER,
            f"one customer may get between 1 and {_MOST_PER_CUSTOMER} coupons of an offer",
        ),
        (
            "product_ids",
            offer.product_ids is None or bool(offer.product_ids),
            "name the products, or leave product_ids out for the whole order",
        ),
    )
    for field, holds, detail in rules:
        if not holds:
            raise OfferTermsError(detail, field=field)
    return offer
