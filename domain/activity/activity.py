"""An activity: one thing a customer did, as every source is translated to."""

from datetime import datetime
from typing import Any

import msgspec

from domain.activity.operation import Operation
from domain.identity.identifier import Identifier


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, by whom, when, in Koi's words; all times are UTC.

    `message_id` is unique within `source`; the first of `identifiers` is the strongest, which names the customer.
    `amount` is in minor units (fen) of `currency`; `is_minor` says that its properties tell money so as well. Personal
    data is in `personal` (sections `properties` and `context`, each with the paths it had) and may be in `traits`,
    nowhere else. `original_at` and `sent_at` are the client's clock as sent, from which `occurred_at` was corrected.
    `order_ref` is an order number that other systems use as well, with whose it is before a colon
    (tmall:2100000000000000001): the same name with the same `order_ref` is one fact, whichever source tells it first.
    `operation` is what it asks of the customer's profile.
    """

    message_id: str
    source: str
    name: str
    occurred_at: datetime
    received_at: datetime
    identifiers: tuple[Identifier, ...]
    amount: int | None = None
    currency: str | None = None
    is_minor: bool = False
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    original_at: datetime | None = None
    sent_at: datetime | None = None
    order_ref: str | None = None
    operation: Operation | None = None


def sections(properties: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Return the personal part of an activity: its sections, as far as they hold anything."""
    return {key: part for key, part in (("properties", properties), ("context", context)) if part}
