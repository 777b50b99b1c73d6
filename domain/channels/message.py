"""The message: asked for once, handed to a provider, and followed until its fate is known."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.channels import outcome as outcomes
from domain.channels.outcome import Outcome
from domain.channels.template import Value
from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import AlreadyExistsError, NotFoundError
from domain.kernel.event import Event

# Seconds until the next attempt after the first, second ... (the schedule of Standard Webhooks); then it is given up.
RETRY_AFTER = (5, 300, 1_800, 7_200, 18_000, 36_000)

Status = Literal[
    "unrequested", "requested", "dispatched", "accepted", "delivered", "retrying", "failed", "suppressed", "unknown"
]
Suppression = Literal["no_consent", "no_endpoint", "expired", "campaign_paused", "erased"]


class MessageExistsError(AlreadyExistsError):
    """The message was asked for before."""

    code: ClassVar[str] = "message.exists"


class MessageNotFoundError(NotFoundError):
    """There is no message with this id."""

    code: ClassVar[str] = "message.not_found"


class MessageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said to whom, and why; parameters hold nothing personal."""

    campaign_id: UUID
    journey_version: int
    run_id: UUID
    node: str
    customer_id: UUID
    channel: str
    purpose: str
    template: str
    parameters: dict[str, Value]
    trigger_occurred_at: datetime
    expires_at: datetime
    coupon_id: UUID | None = None


class Message(Aggregate):
    """One message to one person. A repeated request to send it never sends it twice."""

    class Requested(Event, frozen=True, kw_only=True):
        TOPIC = "message.requested.v1"
        campaign_id: UUID
        journey_version: int
        run_id: UUID
        node: str
        customer_id: UUID
        channel: str
        purpose: str
        template: str
        parameters: dict[str, Value]
        trigger_occurred_at: datetime
        expires_at: datetime
        coupon_id: UUID | None = None

    class Dispatched(Event, frozen=True, kw_only=True):
        TOPIC = "message.dispatched.v1"
        attempt: int
        endpoint_id: UUID | None = None

    class Suppressed(Event, frozen=True, kw_only=True):
        TOPIC = "message.suppressed.v1"
        reason: Suppression

    class Accepted(Event, frozen=True, kw_only=True):
        TOPIC = "message.accepted.v1"
        provider_id: str

    class Delivered(Event, frozen=True, kw_only=True):
        TOPIC = "message.delivered.v1"

    class Failed(Event, frozen=True, kw_only=True):
        TOPIC = "message.failed.v1"
        failure: str
        detail: str
        retry_at: datetime | None = None

    class Unknown(Event, frozen=True, kw_only=True):
        TOPIC = "message.unknown.v1"
        attempt: int
        detail: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin before anyone asked."""
        super().__init__(stream_id)
        self.status: Status = "unrequested"
        self.request: MessageRequest | None = None
        self.attempt = 0
        self.retry_at: datetime | None = None

    def ask(self, request: MessageRequest) -> None:
        """Ask for the message; raises `MessageExistsError` if it was asked for before."""
        if self.exists:
            raise MessageExistsError("this message was asked for before")
        self.record(Message.Requested, **msgspec.structs.asdict(request))

    def is_due(self, now: datetime) -> bool:
        """Whether anything is left to do about sending it at this time."""
        match self.status:
            case "requested" | "dispatched":
                return True
            case "retrying":
                return self.retry_at is not None and now >= self.retry_at
            case _:
                return False

    def suppress(self, reason: Suppression) -> None:
        """Decide not to send it; after an attempt whose outcome was lost that attempt stays unknown."""
        if self.status == "dispatched":
            self._lose_track(f"the outcome of the attempt was lost; not repeated: {reason}")
        elif self.status in {"requested", "retrying"}:
            self.record(Message.Suppressed, reason=reason)

    def refuse(self, detail: str) -> None:
        """Give it up before sending: it cannot be put into words."""
        self.record(Message.Failed, failure="rejected", detail=detail)

    def dispatch(self, *, endpoint_id: UUID | None, now: datetime, guards_duplicates: bool) -> bool:
        """Decide to hand it to the provider now, and return whether to.

        An attempt whose outcome was lost (a crash in between) is repeated only where the channel guards against
        duplicates; else the message becomes unknown and waits for a receipt or a person.
        """
        if not self.is_due(now):
            return False
        if self.status == "dispatched" and not guards_duplicates:
            self._lose_track("the outcome of the attempt was lost, and the channel may have taken it")
            return False
        self.record(Message.Dispatched, attempt=self.attempt + 1, endpoint_id=endpoint_id)
        return True

    def note(self, outcome: Outcome, now: datetime) -> bool:
        """Take note of what became of it, and return whether that is news; a fate already final does not change."""
        if self.request is None:
            raise MessageNotFoundError("there is no message with this id")
        if self.status in {"dispatched", "unknown"}:
            self._note(outcome, self.request, now)
            return True
        # After acceptance only a receipt says more.
        receipts = outcomes.Delivered | outcomes.RecipientInvalid | outcomes.OptedOut | outcomes.Rejected
        if self.status == "accepted" and isinstance(outcome, receipts):
            self._note(outcome, self.request, now)
            return True
        return False

    def _note(self, outcome: Outcome, request: MessageRequest, now: datetime) -> None:
        match outcome:
            case outcomes.Accepted(provider_id=provider_id):
                self.record(Message.Accepted, provider_id=provider_id)
            case outcomes.Delivered():
                self.record(Message.Delivered)
            case outcomes.RetryLater(detail=detail, after=after):
                self._retry(self._scheduled(after, now), request, "retry_later", detail)
            case outcomes.Quota(scope=scope, until=until, detail=detail):
                self._retry(until, request, f"quota_{scope}", detail)
            case outcomes.Unknown(detail=detail):
                self._lose_track(detail)
            case outcomes.RecipientInvalid(detail=detail):
                self.record(Message.Failed, failure="recipient_invalid", detail=detail)
            case outcomes.OptedOut(detail=detail):
                self.record(Message.Failed, failure="opted_out", detail=detail)
            case outcomes.Rejected(detail=detail):
                self.record(Message.Failed, failure="rejected", detail=detail)

    def _scheduled(self, after: float | None, now: datetime) -> datetime | None:
        if self.attempt > len(RETRY_AFTER):
            return None
        pause = RETRY_AFTER[self.attempt - 1]
        return now + timedelta(seconds=pause if after is None else max(after, 0))

    def _retry(self, retry_at: datetime | None, request: MessageRequest, failure: str, detail: str) -> None:
        # Not worth saying any more by then, or tried often enough: a failure for good.
        is_worth_it = retry_at is not None and retry_at < request.expires_at
        self.record(Message.Failed, failure=failure, detail=detail, retry_at=retry_at if is_worth_it else None)

    def _lose_track(self, detail: str) -> None:
        self.record(Message.Unknown, attempt=self.attempt, detail=detail)

    def evolve(self, event: Event) -> None:
        match event:
            case Message.Requested():
                fields = {name: getattr(event, name) for name in MessageRequest.__struct_fields__}
                self.status, self.request = "requested", MessageRequest(**fields)
            case Message.Dispatched():
                self.status, self.attempt = "dispatched", event.attempt
            case Message.Suppressed():
                self.status = "suppressed"
            case Message.Accepted():
                self.status = "accepted"
            case Message.Delivered():
                self.status = "delivered"
            case Message.Failed():
                self.status, self.retry_at = ("retrying" if event.retry_at else "failed"), event.retry_at
            case Message.Unknown():
                self.status = "unknown"
            case _:
                pass
