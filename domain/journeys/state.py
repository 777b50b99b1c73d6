"""Where one customer stands in a journey: all that the next decision needs to know."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.journeys.conditions import Scalar


class TriggerFact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fact that began a walk, and of its properties those that conditions and messages need; none is personal.

    `customer_id` is the customer the fact belongs to, one of the profile's; `amount` is in minor units (fen).
    """

    fact_id: int
    name: str
    occurred_at: datetime
    customer_id: UUID
    amount: int | None = None
    currency: str | None = None
    properties: dict[str, Scalar] = {}


class Waiting(msgspec.Struct, frozen=True):
    """The wait a walk rests in; `visit` tells this stay from any other at the same step."""

    node: str
    visit: int
    due_at: datetime


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's walks through one journey: at most one at a time, each visit to a step numbered over all of them.

    `facts` are those that changed the run, so that the same fact never does so twice.
    """

    status: Literal["new", "walking", "waiting", "finished"] = "new"
    version: int = 0
    trigger: TriggerFact | None = None
    waiting: Waiting | None = None
    visit: int = 0
    coupon_id: UUID | None = None
    facts: frozenset[int] = frozenset()


NEW = RunState()
