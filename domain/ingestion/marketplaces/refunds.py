"""Refunds as activities: one fact for each that gave money back."""

from typing import Final

from domain.activity.activity import Activity
from domain.ingestion.marketplaces.fields import (
    amount_of,
    buyer_of,
    decoded,
    first_time,
    needed,
    status_of,
    values_of,
)
from domain.ingestion.marketplaces.finding import find
from domain.ingestion.marketplaces.platform import Platform
from domain.ingestion.marketplaces.telling import Telling, Told, activity, with_payload
from domain.ingestion.refusal import MessageError

REFUNDED: Final = "order.refunded"
# No platform has a field of this name.
_ORDER: Final = "$order"
_ANY: Final = "*"


def is_refunded(raw: bytes, platform: Platform) -> bool:
    """Whether a refund gave money back, so that it is worth asking for more; raises `MessageError`."""
    refund, payload = platform.refund, decoded(raw)
    if _ANY in refund.open and find(payload, refund.status)[0] is None:
        return False
    known = (*refund.done, *refund.open)
    return status_of(payload, refund.status, known, refund.alike) in refund.done


def order_of(raw: bytes, platform: Platform) -> str:
    """Return the number of the order that a refund is of; raises `MessageError`."""
    return needed(decoded(raw), platform.refund.order_id, "order.id_missing", "the refund names no order")


def names_buyer(raw: bytes, platform: Platform) -> bool:
    """Whether a refund itself tells whose it is; raises `MessageError`."""
    return buyer_of(decoded(raw), platform.refund.buyer, platform) is not None


def with_order(refund: bytes, order: bytes) -> bytes:
    """Return the refund with the order that tells whose it was: they are read, kept and read again together."""
    if not decoded(refund):
        raise MessageError("refund.id_missing", "the refund is empty")
    return b'%b,"%b":%b}' % (refund.rstrip()[:-1], _ORDER.encode(), order)


def read_refund(raw: bytes, platform: Platform, telling: Telling) -> list[Activity]:
    """Return the refund, if it gave money back.

    It is told of under the order's number with the refund's behind, since an order may be refunded in parts. Raises
    `MessageError` where it does not fit.
    """
    if not is_refunded(raw, platform):
        return []
    payload, mapping = decoded(raw), platform.refund
    refund_id = mapping.id_prefix + needed(payload, mapping.id, "refund.id_missing", "the refund has no number")
    order_id = order_of(raw, platform)
    # Platforms whose refunds name nobody: the order does, which was put beside it.
    who = buyer_of(payload, mapping.buyer, platform) or buyer_of(
        payload.get(_ORDER, {}), platform.order.buyer, platform
    )
    if who is None:
        raise MessageError("identifier.missing", "neither the refund nor its order names anybody", field="buyer")
    at = first_time(payload, mapping.time, platform)
    if at is None:
        raise MessageError("time.missing", "nothing tells when the money went back", field=mapping.time[0])
    told = Told(
        REFUNDED,
        f"{order_id}:{REFUNDED}:{refund_id}",
        f"{platform.prefix}:{order_id}:{refund_id}",
        at,
        amount_of(payload, mapping.amount, platform),
    )
    properties = {"order_id": order_id, "refund_id": refund_id, **values_of(payload, mapping.fields, platform)}
    return [with_payload(activity(told, who, properties, platform, telling), raw)]
