"""The journey that is live in the demo: something lies in the cart, nobody pays, a coupon and a message follow."""

import os
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from commands.campaigns.add_offer import AddOffer, add_offer
from commands.campaigns.create_campaign import CreateCampaign, create_campaign
from commands.campaigns.design_journey import DesignJourney, design_journey
from commands.campaigns.launching import LaunchCampaign, launch_campaign
from commands.runtime.context import Context
from commands.runtime.settings import SettingError
from commands.runtime.streams import Streams
from domain.campaigns.campaign import Campaign
from domain.campaigns.offer import Offer
from domain.kernel.ids import derived

CAMPAIGN_ID: Final = derived("demo", "cart journey")
WAIT_SETTING: Final = "KOI_DEMO_WAIT_SECONDS"
# A shop would wait half an hour; who tries Koi for the first time wants to see the message come.
_WAIT_SECONDS: Final = 30.0
_OFFER: Final = Offer(offer_id="cart-5-off", label="满任意金额减5元", value=500, currency="CNY", per_customer=10)
_TEMPLATES: Final[dict[str, Any]] = {
    "cart_waiting": {
        "zh": {
            "subject": "购物车里的商品还在等您",
            "text": "送您${coupon_value}元优惠券：${coupon_code}，有效期至${coupon_expires}。",
        },
        "en": {
            "subject": "Your cart is waiting for you",
            "text": "${coupon_value} yuan off with ${coupon_code}, until ${coupon_expires}.",
        },
    }
}


async def launch_cart_journey(streams: Streams, *, by: Context, env: Mapping[str, str] = os.environ) -> UUID:
    """Bring the campaign to life, however far it got before; what a person changed about it since then stays.

    Another KOI_DEMO_WAIT_SECONDS than that of the latest version makes a new version.

    Raises:
        SettingError: KOI_DEMO_WAIT_SECONDS is no number of seconds.
    """
    wanted = _wanted_seconds(env)
    campaign = await streams.load(Campaign, CAMPAIGN_ID)
    if not campaign.exists:
        create = CreateCampaign(campaign_id=CAMPAIGN_ID, name="购物车挽回 · Cart recovery", currency="CNY")
        await create_campaign(create, streams=streams, by=by)
    if _OFFER.offer_id not in campaign.offers:
        await add_offer(AddOffer(campaign_id=CAMPAIGN_ID, offer=_OFFER), streams=streams, by=by)
    latest = campaign.designs.get(len(campaign.designs))
    is_new = latest is None or wanted not in (None, _seconds(latest.journey))
    if is_new:
        journey = _journey(wanted or _WAIT_SECONDS)
        design = DesignJourney(campaign_id=CAMPAIGN_ID, journey=journey, templates=_TEMPLATES)
        await design_journey(design, streams=streams, by=by)
    if is_new or campaign.live_version is None:
        await launch_campaign(LaunchCampaign(campaign_id=CAMPAIGN_ID), streams=streams, by=by)
    return CAMPAIGN_ID


def _journey(wait_seconds: float) -> dict[str, Any]:
    return {
        "nodes": {
            "carted": {"type": "trigger", "event": "cart.item_added", "next": "wait"},
            "wait": {
                "type": "wait",
                "seconds": wait_seconds,
                "unless": {"event": "order.completed", "next": "bought"},
                "next": "coupon",
            },
            "coupon": {"type": "issue_coupon", "offer_id": _OFFER.offer_id, "next": "message"},
            "message": {"type": "send", "channel": "sandbox", "template": "cart_waiting", "next": None},
            "bought": {"type": "exit", "reason": "bought"},
        }
    }


def _seconds(journey: Mapping[str, Any]) -> float | None:
    """How long a journey of this form waits; None if it is of another form by now."""
    seconds = journey["nodes"].get("wait", {}).get("seconds")
    return None if seconds is None else float(seconds)


def _wanted_seconds(env: Mapping[str, str]) -> float | None:
    text = env.get(WAIT_SETTING)
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise SettingError(f"{WAIT_SETTING}={text} is not a time: give seconds above 0.", field=WAIT_SETTING)
    return seconds
