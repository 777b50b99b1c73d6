"""What an export holds: the form of its JSON, and what each part is called."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

FORMAT: Final = "koi.person.v1"

Section = Literal[
    "identities",
    "attributes",
    "consents",
    "tags",
    "predictions",
    "lists",
    "journeys",
    "messages",
    "sent",
    "coupons",
    "decisions",
    "facts",
]
SECTIONS: Final[tuple[Section, ...]] = (
    "identities",
    "attributes",
    "consents",
    "tags",
    "predictions",
    "lists",
    "journeys",
    "messages",
    "sent",
    "coupons",
    "decisions",
    "facts",
)


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier the person was seen with; `value` is null where it is not kept. `told_by` recorded it."""

    type: str
    value: str | None
    customer_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    told_by: str


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of the person as of a time: `inferred` by a rule (then `because` says which), or told."""

    name: str
    value: Any
    how: str
    inferred: bool
    because: dict[str, Any]
    customer_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    told_by: str


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the log, with everything it says: a consent, a tag, a step of a journey or a message."""

    topic: str
    position: int
    stream_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    told_by: str
    says: dict[str, Any]


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of a model said of the person as of an instant, and why; the last runs are kept."""

    model: str
    model_version: int
    at: datetime
    value: float | None
    label: str | None
    further: dict[str, Any]
    reasons: list[dict[str, Any]]


class InList(msgspec.Struct, frozen=True, kw_only=True):
    """A list of people, a version of a segment, that the person stands in, and since when it is that."""

    segment: str
    segment_version: int
    since: datetime


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A message in its words, where they are still kept."""

    channel: str
    subject: str | None
    body: str
    accepted_at: datetime


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something the person did; `amount` in minor units (fen) of `currency`. `personal` was sealed until now."""

    fact_id: int
    name: str
    source: str
    customer_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    amount: int | None
    currency: str | None
    body: dict[str, Any]
    personal: dict[str, Any] | None


Item = Identity | Word | Happened | Predicted | InList | Sent | Fact


class PersonExport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document, as `GET /api/v1/customers/{id}/export` streams it; all times are UTC."""

    format: str
    exported_at: datetime
    position: int
    profile_id: UUID
    customers: tuple[UUID, ...]
    identities: list[Identity]
    attributes: list[Word]
    consents: list[Happened]
    tags: list[Happened]
    predictions: list[Predicted]
    lists: list[InList]
    journeys: list[Happened]
    messages: list[Happened]
    sent: list[Sent]
    coupons: list[Happened]
    decisions: list[Happened]
    facts: list[Fact]
