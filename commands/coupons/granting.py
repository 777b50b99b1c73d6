"""What is left of an offer for a customer, and the words of a fresh coupon."""

import secrets
from uuid import UUID

from commands.runtime.streams import Streams
from domain.campaigns.offer import Offer
from domain.coupons.coupon import ALPHABET, CODE_LENGTH, Coupon, Terms, coupon_id


def new_code() -> str:
    """Return a code that nobody can guess, from the system's random source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


async def open_coupons(streams: Streams, campaign_id: UUID, offer: Offer, customer_id: UUID) -> list[Coupon]:
    """Return the coupons the customer may still get, in order: those up to the offer's limit that were not issued."""
    ids = [coupon_id(campaign_id, offer.offer_id, customer_id, nth) for nth in range(1, offer.per_customer + 1)]
    coupons = await streams.load_many(Coupon, ids)
    return [coupons[one] for one in ids if not coupons[one].exists]


def terms_of(offer: Offer, campaign_id: UUID, customer_id: UUID) -> Terms:
    """Return what a coupon of this offer promises to this customer."""
    return Terms(
        campaign_id=campaign_id,
        offer_id=offer.offer_id,
        customer_id=customer_id,
        value=offer.value,
        threshold=offer.threshold,
        currency=offer.currency,
        valid_seconds=offer.valid_seconds,
        product_ids=offer.product_ids,
    )
