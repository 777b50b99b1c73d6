"""What a run can decide; each becomes one event of the run."""

from datetime import datetime
from typing import Literal

import msgspec

from domain.journeys.state import TriggerFact


class Enter(msgspec.Struct, frozen=True, kw_only=True):
    """Begin a walk."""

    trigger: TriggerFact


class StartWait(msgspec.Struct, frozen=True, kw_only=True):
    """Rest until `due_at`."""

    node: str
    visit: int
    due_at: datetime


class EndWait(msgspec.Struct, frozen=True, kw_only=True):
    """Rest no longer."""

    node: str
    visit: int
    by: Literal["timer", "event"]
    fact_id: int | None = None


class GiveCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """Give the customer a coupon of this offer."""

    node: str
    visit: int
    offer_id: str


class RefuseCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """Give none: there is none left for the customer."""

    node: str
    visit: int
    offer_id: str
    reason: str


class RequestMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a message, worth sending until `expires_at`."""

    node: str
    visit: int
    channel: str
    template: str
    purpose: str
    expires_at: datetime


class Complete(msgspec.Struct, frozen=True):
    """The walk came to the end of the graph."""


class Leave(msgspec.Struct, frozen=True):
    """The walk ends before that, for a reason."""

    reason: str


Decision = Enter | StartWait | EndWait | GiveCoupon | RefuseCoupon | RequestMessage | Complete | Leave
