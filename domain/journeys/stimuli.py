"""What a run reacts to, and under which circumstances."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class FactHappened(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to the customer; `amount` in minor units (fen), properties as the fact's body has them."""

    name: str
    fact_id: int
    occurred_at: datetime
    customer_id: UUID
    amount: int | None = None
    currency: str | None = None
    properties: Mapping[str, Any] = {}


class TimerFired(msgspec.Struct, frozen=True, kw_only=True):
    """A wait is over: the one at `node` that has this visit number, and no other."""

    node: str
    visit: int


Stimulus = FactHappened | TimerFired


class Left(msgspec.Struct, frozen=True):
    """How many more coupons of an offer the customer may get, and why no more than that."""

    count: int
    reason: str


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a run cannot know by itself: how the campaign stands, and what is left of its offers for the customer.

    An offer that is not mentioned is not limited. `keep` names properties of the trigger that messages need.
    """

    standing: str = "live"
    left: Mapping[str, Left] = {}
    keep: frozenset[str] = frozenset()


LIVE = Circumstances()
