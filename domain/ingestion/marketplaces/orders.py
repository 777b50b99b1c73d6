"""Orders as activities: one fact for each state an order has come to."""

from datetime import datetime

from domain.activity.activity import Activity
from domain.ingestion.marketplaces.fields import (
    amount_of,
    buyer_of,
    decoded,
    first_time,
    lines_of,
    needed,
    status_of,
    values_of,
)
from domain.ingestion.marketplaces.finding import Payload
from domain.ingestion.marketplaces.platform import Happening, Platform
from domain.ingestion.marketplaces.telling import Telling, Told, activity, with_payload
from domain.ingestion.refusal import MessageError


def read_order(raw: bytes, platform: Platform, telling: Telling) -> list[Activity]:
    """Return the states an order has come to, in their order, each once; raises `MessageError` where it does not fit.

    The newest carries the payload, sealed. Told again later, the states known by then are the same facts.
    """
    payload, mapping = decoded(raw), platform.order
    order_id = needed(payload, mapping.id, "order.id_missing", "the order has no number")
    status = status_of(payload, mapping.status, mapping.statuses, mapping.alike)
    who = buyer_of(payload, mapping.buyer, platform)
    if who is None:
        raise MessageError("identifier.missing", "nobody is named whom the order is of", field=mapping.buyer[0])
    properties = {"order_id": order_id, **values_of(payload, mapping.fields, platform)}
    if mapping.lines is not None:
        properties["products"] = lines_of(payload, mapping.lines, platform)
    found = []
    for name, happening in mapping.events.items():
        at = _happened(payload, happening, status, platform)
        if at is not None:
            amount = amount_of(payload, happening.amount, platform) if happening.amount is not None else None
            told = Told(name, f"{order_id}:{name}", f"{platform.prefix}:{order_id}", at, amount)
            found.append(activity(told, who, properties, platform, telling))
    return [*found[:-1], with_payload(found[-1], raw)] if found else []


def _happened(payload: Payload, happening: Happening, status: str, platform: Platform) -> datetime | None:
    if status not in happening.statuses and status not in happening.if_told:
        return None
    at = first_time(payload, happening.time, platform)
    if at is not None or status in happening.if_told:
        return at
    at = first_time(payload, happening.or_else, platform)
    if at is None:
        raise MessageError("time.missing", "nothing tells when the order came to its state", field=happening.time[0])
    return at
