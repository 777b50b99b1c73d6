"""Redeem a coupon on an order, or withdraw it."""

from datetime import datetime
from uuid import UUID

import msgspec

from commands.runtime.context import Context, Saved
from commands.runtime.streams import Streams
from domain.coupons.coupon import Coupon
from domain.kernel.errors import StaleVersionError
from domain.kernel.money import currency


class RedeemCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is the order's total before the discount, in minor units of `currency`."""

    coupon_id: UUID
    order_ref: str
    amount: int
    currency: str
    now: datetime
    expected_version: int | None = None


class VoidCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """Withdraw a coupon that was not used."""

    coupon_id: UUID
    reason: str
    expected_version: int | None = None


async def redeem_coupon(command: RedeemCoupon, *, streams: Streams, by: Context) -> Saved:
    """Redeem it; raises the error that says why this order cannot have it."""
    coupon = await _load(streams, command.coupon_id, command.expected_version)
    coupon.redeem(
        order_ref=command.order_ref, amount=command.amount, currency=currency(command.currency), now=command.now
    )
    return await streams.save(coupon, by=by, result={"id": coupon.id, "version": coupon.version})


async def void_coupon(command: VoidCoupon, *, streams: Streams, by: Context) -> Saved:
    """Withdraw it; raises the error that says why it cannot be."""
    coupon = await _load(streams, command.coupon_id, command.expected_version)
    coupon.void(command.reason)
    return await streams.save(coupon, by=by, result={"id": coupon.id, "version": coupon.version})


async def _load(streams: Streams, coupon_id: UUID, expected_version: int | None) -> Coupon:
    coupon = await streams.load(Coupon, coupon_id)
    if coupon.exists and expected_version not in (None, coupon.version):
        raise StaleVersionError(f"the coupon is at version {coupon.version}: read it again and decide anew")
    return coupon
