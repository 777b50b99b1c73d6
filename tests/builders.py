"""Ready-made parts of a retailer's world, for tests to vary."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.campaigns.campaign import Campaign
from domain.campaigns.offer import Offer
from domain.channels.message import Message, MessageRequest
from domain.channels.outgoing import Outgoing
from domain.context.weather import Observation, WeatherObserved
from domain.coupons.coupon import Because, Coupon
from domain.identity.customer import Customer
from domain.identity.inference import Grounds
from domain.journeys.stimuli import FactHappened

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CAMPAIGN = UUID("00000000-0000-4000-8000-0000000000ca")
CUSTOMER = UUID("00000000-0000-4000-8000-00000000cafe")
RUN = UUID("00000000-0000-4000-8000-000000000d0e")
COUPON = UUID("00000000-0000-4000-8000-0000000000c0")

# Added to cart, wait half an hour, unless paid meanwhile: five yuan off, and a message about it.
CART_JOURNEY: dict[str, Any] = {
    "nodes": {
        "carted": {"type": "trigger", "event": "Product Added", "next": "half_an_hour"},
        "half_an_hour": {
            "type": "wait",
            "seconds": 1_800,
            "unless": {"event": "Order Completed", "next": "bought"},
            "next": "five_off",
        },
        "five_off": {"type": "issue_coupon", "offer_id": "cart-5-off", "next": "tell"},
        "tell": {"type": "send", "channel": "email", "template": "come_back"},
        "bought": {"type": "exit", "reason": "bought"},
    }
}

TEMPLATES: dict[str, Any] = {
    "come_back": {
        "zh": {
            "subject": "购物车里的${name}还在等你",
            "text": "满${coupon_threshold}减${coupon_value}元,码:${coupon_code}",
        },
        "en": {"subject": "Your ${name} is waiting", "text": "${coupon_value} yuan off with ${coupon_code}"},
    }
}


def an_offer(**changes: object) -> Offer:
    """Five yuan off an order of fifty, a week, one a customer."""
    terms: dict[str, Any] = {"offer_id": "cart-5-off", "label": "满50减5", "value": 500, "currency": "CNY"}
    return Offer(**(terms | {"threshold": 5_000} | changes))


def campaign_created(**changes: object) -> Campaign.Created:
    """A campaign in yuan, whenever it is live."""
    fields: dict[str, Any] = {"name": "购物车挽回", "currency": "CNY"}
    return Campaign.Created(**(fields | changes))


def offer_added(**changes: object) -> Campaign.OfferAdded:
    """The campaign's offer."""
    offer = an_offer(**changes)
    return Campaign.OfferAdded(**{name: getattr(offer, name) for name in Offer.__struct_fields__})


def journey_designed(version: int = 1) -> Campaign.Designed:
    """The campaign's journey."""
    return Campaign.Designed(journey_version=version, journey=CART_JOURNEY, templates=TEMPLATES)


def launched(version: int = 1) -> Campaign.Launched:
    """The campaign goes live."""
    return Campaign.Launched(journey_version=version)


def coupon_issued(**changes: object) -> Coupon.Issued:
    """A coupon of the campaign's offer, good for a week from noon."""
    fields: dict[str, Any] = {
        "campaign_id": CAMPAIGN,
        "offer_id": "cart-5-off",
        "customer_id": CUSTOMER,
        "code": "7KQ2M9XRT4HA",
        "value": 500,
        "threshold": 5_000,
        "currency": "CNY",
        "expires_at": NOON + timedelta(days=7),
        "because": Because(run_id=RUN, node="five_off", visit=2, fact_id=4_711),
    }
    return Coupon.Issued(**(fields | changes))


def a_message(**changes: object) -> MessageRequest:
    """A message about the coupon, by e-mail, worth sending for a day."""
    fields: dict[str, Any] = {
        "campaign_id": CAMPAIGN,
        "journey_version": 1,
        "run_id": RUN,
        "node": "tell",
        "customer_id": CUSTOMER,
        "channel": "email",
        "purpose": "marketing",
        "template": "come_back",
        "parameters": {"coupon_code": "7KQ2M9XRT4HA", "coupon_value": "5", "name": "羽绒服"},
        "trigger_occurred_at": NOON,
        "expires_at": NOON + timedelta(days=1),
        "coupon_id": COUPON,
    }
    return MessageRequest(**(fields | changes))


def message_requested(**changes: object) -> Message.Requested:
    """The message is asked for."""
    request = a_message(**changes)
    return Message.Requested(**{name: getattr(request, name) for name in MessageRequest.__struct_fields__})


def a_fact(name: str, fact_id: int, /, *, after: float = 0.0, **properties: object) -> FactHappened:
    """Something the customer did, `after` seconds past noon."""
    body: Mapping[str, object] = properties
    return FactHappened(
        name=name,
        fact_id=fact_id,
        occurred_at=NOON + timedelta(seconds=after),
        customer_id=CUSTOMER,
        amount=29_900,
        currency="CNY",
        properties=body,
    )


def outgoing(**changes: object) -> Outgoing:
    """A message ready for a gateway."""
    fields: dict[str, Any] = {
        "message_id": UUID("00000000-0000-4000-8000-00000000beef"),
        "channel": "email",
        "customer_id": CUSTOMER,
        "purpose": "marketing",
        "to": "li@example.cn",
        "subject": "购物车里的羽绒服还在等你",
        "text": "满50减5元,码:7KQ2M9XRT4HA",
        "parameters": {"coupon_value": "5"},
        "requested_at": NOON,
    }
    return Outgoing(**(fields | changes))


def inferred(number: int) -> Customer.AttributesInferred:
    """Three rules in turn infer something, one of them personal."""
    name = f"rule {number % 3}"
    attribute, value = (
        ("birthday", f"1990-05-{number + 1:02d}") if number % 3 == 0 else ("region", f"33010{number % 9}")
    )
    grounds = Grounds(
        attribute=attribute, rule=name, confidence=60, evidence=(f"fact:{number}",), occurred_at=NOON, expires_at=None
    )
    personal = {name: value} if attribute == "birthday" else {}
    return Customer.AttributesInferred(
        grounds={name: grounds}, attributes={} if personal else {name: value}, personal=personal
    )


def weather_observed(number: int) -> WeatherObserved:
    """The weather of three cities, told again and again."""
    observation = Observation(
        region=f"330{number % 3 + 1}00", date=NOON.date(), condition="light_rain", temperature_high=10.5 + number
    )
    return WeatherObserved(source="weather", observation=observation)
