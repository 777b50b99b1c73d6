"""The decisions about a customer that rules can ask about, as they stand in the log: values sealed as they are."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.customer import Customer
from domain.kernel.event import topics_of
from domain.tags.words import Tag
from projections.engine.projection import Reading

ERASED: Final = Customer.Erased.TOPIC
CLAIMING: Final = frozenset({Customer.Registered.TOPIC, Customer.Identified.TOPIC, Customer.Bound.TOPIC})
PARTING: Final = Customer.Unmerged.TOPIC
TAGGED: Final = Customer.Tagged.TOPIC
UNTAGGED: Final = Customer.Untagged.TOPIC
# The first version of the topic said less, in the same fields.
CONSENTED: Final = topics_of(Customer.ConsentChanged)
INFERRED: Final = Customer.AttributesInferred.TOPIC
INFERENCES_WITHDRAWN: Final = Customer.InferencesWithdrawn.TOPIC
CLEARED: Final = Customer.ProfileCleared.TOPIC
DESCRIBED: Final = frozenset(
    {
        Customer.AttributesChanged.TOPIC,
        Customer.AttributesFirstSet.TOPIC,
        Customer.AttributesExtended.TOPIC,
        Customer.AttributesRemoved.TOPIC,
    }
)
_TOPICS: Final = sorted(
    {ERASED, *CLAIMING, PARTING, TAGGED, UNTAGGED, *CONSENTED, INFERRED, INFERENCES_WITHDRAWN, CLEARED, *DESCRIBED}
)
_STREAMS: Final = """
    SELECT originator_id AS customer_id, notification_id AS position, topic, state FROM decision_log
    WHERE originator_id = ANY($1) AND topic = ANY($2) ORDER BY originator_id, originator_version
"""


class _Meta(msgspec.Struct):
    occurred_at: datetime


class Claim(msgspec.Struct, frozen=True):
    """An identifier that a customer was seen with."""

    id: UUID
    type: str


class Grounds(msgspec.Struct, frozen=True):
    """Why something was inferred."""

    attribute: str
    rule: str
    confidence: int
    occurred_at: datetime
    expires_at: datetime | None = None


class Said(msgspec.Struct):
    """The fields of all those events; each has some of them."""

    meta: _Meta
    attributes: dict[str, Any] = {}
    personal: dict[str, bytes] = {}
    names: tuple[str, ...] = ()
    grounds: dict[str, Grounds] = {}
    claims: tuple[Claim, ...] = ()
    withdrawn: tuple[UUID, ...] = ()
    source: str = ""
    tags: tuple[Tag, ...] = ()
    channel: str = ""
    purpose: str = ""
    state: str = ""
    is_proven: bool = True


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a customer's stream; `occurred_at` is business time."""

    customer_id: UUID
    position: int
    topic: str
    said: Said

    @property
    def occurred_at(self) -> datetime:
        """When it was so."""
        return self.said.meta.occurred_at


_decode = msgspec.json.Decoder(Said).decode


async def decisions_of(reading: Reading, customers: Iterable[UUID]) -> dict[UUID, list[Decision]]:
    """Return what was decided about each customer, in order; what an erasure ended is left out."""
    found: dict[UUID, list[Decision]] = {}
    for row in await reading.fetch(_STREAMS, list(customers), _TOPICS):
        if row["topic"] == ERASED:
            found.pop(row["customer_id"], None)
        else:
            found.setdefault(row["customer_id"], []).append(_decision(row))
    return found


def _decision(row: asyncpg.Record) -> Decision:
    return Decision(
        customer_id=row["customer_id"], position=row["position"], topic=row["topic"], said=_decode(row["state"])
    )
