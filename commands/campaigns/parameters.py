"""What a message says: the values of its places, none of them personal."""

from datetime import datetime
from decimal import Decimal

from domain.channels.template import COUPON_PLACES, PERSONAL_PREFIX, Templates, Value, Wording, places_of
from domain.coupons.coupon import Coupon
from domain.journeys.state import TriggerFact
from domain.kernel.money import exponent


def kept(templates: Templates) -> frozenset[str]:
    """Return the properties of the triggering fact that messages need."""
    return frozenset(place for place in places_of(templates) - COUPON_PLACES if not place.startswith(PERSONAL_PREFIX))


def parameters(variants: dict[str, Wording], trigger: TriggerFact | None, coupon: Coupon | None) -> dict[str, Value]:
    """Return the values for these wordings, from the fact that began the walk and from the coupon; money in yuan."""
    known: dict[str, Value] = dict(trigger.properties) if trigger else {}
    if trigger and trigger.amount is not None and trigger.currency:
        known |= {"amount": major_units(trigger.amount, trigger.currency), "currency": trigger.currency}
    if coupon and coupon.issued:
        known |= {
            "coupon_code": coupon.issued.code,
            "coupon_value": major_units(coupon.issued.value, coupon.issued.currency),
            "coupon_threshold": major_units(coupon.issued.threshold, coupon.issued.currency),
            "coupon_currency": coupon.issued.currency,
            "coupon_expires": _said(coupon.issued.expires_at),
        }
    places = {place for wording in variants.values() for place in wording.places()}
    return {place: known[place] for place in sorted(places) if place in known}


def major_units(amount: int, currency: str) -> str:
    """Write an amount of minor units as people do: 500 fen are 5, 550 are 5.50."""
    places = exponent(currency)
    value = Decimal(amount).scaleb(-places)
    return f"{value:.0f}" if value == value.to_integral_value() else f"{value:.{places}f}"


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
