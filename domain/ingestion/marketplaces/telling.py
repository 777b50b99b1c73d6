"""One fact that a marketplace tells, and what all of them have in common."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.activity.activity import Activity, sections
from domain.activity.personal import split
from domain.identity.identifier import Identifier
from domain.ingestion import json_text
from domain.ingestion.marketplaces.platform import Platform

# Where an activity keeps the payload it was read from, sealed: mappings change, what was told does not.
RAW: Final = "raw"


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """Who tells it, and when it reached us."""

    source: str
    received_at: datetime


class Told(msgspec.Struct, frozen=True):
    """What makes one fact different from the others of its order."""

    name: str
    message_id: str
    order_ref: str
    at: datetime
    amount: int | None


def activity(
    told: Told, who: Identifier, properties: Mapping[str, Any], platform: Platform, telling: Telling
) -> Activity:
    """Return the fact; what its fields hold of a person is sealed."""
    plain, personal = split(dict(properties))
    return Activity(
        message_id=told.message_id,
        source=telling.source,
        name=told.name,
        occurred_at=min(told.at, telling.received_at),
        received_at=telling.received_at,
        identifiers=(who,),
        amount=told.amount,
        currency=platform.currency if told.amount is not None else None,
        is_minor=True,
        properties=plain,
        personal=sections(personal, {}),
        order_ref=told.order_ref,
    )


def with_payload(fact: Activity, raw: bytes) -> Activity:
    """Return the fact with the payload it was read from, which is sealed under the customer's key."""
    hidden = {**fact.personal.get("properties", {}), RAW: json_text.mended(raw).decode()}
    return msgspec.structs.replace(fact, personal={**fact.personal, "properties": hidden})
