"""One customer's walks through one campaign's journey."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from domain.journeys import decisions
from domain.journeys.state import NEW, RunState, TriggerFact, Waiting
from domain.kernel.aggregate import Aggregate
from domain.kernel.event import Event
from domain.kernel.ids import derived


def run_id(campaign_id: UUID, customer_id: UUID) -> UUID:
    """Name the stream of this customer's walks through this campaign's journey."""
    return derived("run", campaign_id, customer_id)


def message_id(run_id: UUID, node: str, visit: int) -> UUID:
    """Name the message asked for on one visit to a step: asking again names the same message."""
    return derived("message", run_id, node, visit)


class JourneyRun(Aggregate):
    """The record of what was decided for one customer; `state` is what the next decision looks at."""

    class Entered(Event, frozen=True, kw_only=True):
        TOPIC = "journey.entered.v1"
        campaign_id: UUID
        journey_version: int
        customer_id: UUID
        trigger: TriggerFact

    class WaitStarted(Event, frozen=True, kw_only=True):
        TOPIC = "journey.wait_started.v1"
        node: str
        visit: int
        due_at: datetime

    class WaitEnded(Event, frozen=True, kw_only=True):
        TOPIC = "journey.wait_ended.v1"
        node: str
        visit: int
        by: Literal["timer", "event"]
        fact_id: int | None = None

    class CouponRequested(Event, frozen=True, kw_only=True):
        TOPIC = "journey.coupon_requested.v1"
        node: str
        visit: int
        offer_id: str
        coupon_id: UUID

    class CouponRefused(Event, frozen=True, kw_only=True):
        TOPIC = "journey.coupon_refused.v1"
        node: str
        visit: int
        offer_id: str
        reason: str

    class MessageRequested(Event, frozen=True, kw_only=True):
        TOPIC = "journey.message_requested.v1"
        node: str
        visit: int
        message_id: UUID
        channel: str
        template: str

    class Completed(Event, frozen=True, kw_only=True):
        TOPIC = "journey.completed.v1"

    class Exited(Event, frozen=True, kw_only=True):
        TOPIC = "journey.exited.v1"
        reason: str

    def __init__(self, stream_id: UUID) -> None:
        """Begin before the first walk."""
        super().__init__(stream_id)
        self.campaign_id: UUID | None = None
        self.customer_id: UUID | None = None
        self.state: RunState = NEW

    def enter(self, decision: decisions.Enter, *, campaign_id: UUID, journey_version: int, customer_id: UUID) -> None:
        """Begin a walk through this version of the campaign's journey."""
        self.record(
            JourneyRun.Entered,
            campaign_id=campaign_id,
            journey_version=journey_version,
            customer_id=customer_id,
            trigger=decision.trigger,
        )

    def give_coupon(self, decision: decisions.GiveCoupon, coupon_id: UUID) -> None:
        """Note which coupon the customer is given."""
        self.record(
            JourneyRun.CouponRequested,
            node=decision.node,
            visit=decision.visit,
            offer_id=decision.offer_id,
            coupon_id=coupon_id,
        )

    def request_message(self, decision: decisions.RequestMessage) -> UUID:
        """Note that a message is asked for, and return its id."""
        requested = message_id(self.id, decision.node, decision.visit)
        self.record(
            JourneyRun.MessageRequested,
            node=decision.node,
            visit=decision.visit,
            message_id=requested,
            channel=decision.channel,
            template=decision.template,
        )
        return requested

    def follow(
        self,
        decision: decisions.StartWait
        | decisions.EndWait
        | decisions.RefuseCoupon
        | decisions.Complete
        | decisions.Leave,
    ) -> None:
        """Note a decision that concerns nobody but the run."""
        match decision:
            case decisions.StartWait(node=node, visit=visit, due_at=due_at):
                self.record(JourneyRun.WaitStarted, node=node, visit=visit, due_at=due_at)
            case decisions.EndWait(node=node, visit=visit, by=by, fact_id=fact_id):
                self.record(JourneyRun.WaitEnded, node=node, visit=visit, by=by, fact_id=fact_id)
            case decisions.RefuseCoupon(node=node, visit=visit, offer_id=offer_id, reason=reason):
                self.record(JourneyRun.CouponRefused, node=node, visit=visit, offer_id=offer_id, reason=reason)
            case decisions.Complete():
                self.record(JourneyRun.Completed)
            case decisions.Leave(reason=reason):
                self.record(JourneyRun.Exited, reason=reason)

    def evolve(self, event: Event) -> None:
        if isinstance(event, JourneyRun.Entered):
            self.campaign_id, self.customer_id = event.campaign_id, event.customer_id
        self.state = evolve(self.state, event)


def evolve(state: RunState, event: Event) -> RunState:
    """Return the state after the event."""
    match event:
        case JourneyRun.Entered(journey_version=version, trigger=trigger):
            facts = state.facts | {trigger.fact_id}
            state = RunState(status="walking", version=version, trigger=trigger, visit=state.visit, facts=facts)
        case JourneyRun.WaitStarted(node=node, visit=visit, due_at=due_at):
            state = replace(state, status="waiting", waiting=Waiting(node, visit, due_at), visit=visit)
        case JourneyRun.WaitEnded(fact_id=fact_id):
            facts = state.facts if fact_id is None else state.facts | {fact_id}
            state = replace(state, status="walking", waiting=None, facts=facts)
        case JourneyRun.CouponRequested(visit=visit, coupon_id=coupon_id):
            state = replace(state, visit=visit, coupon_id=coupon_id)
        case JourneyRun.CouponRefused(visit=visit) | JourneyRun.MessageRequested(visit=visit):
            state = replace(state, visit=visit)
        case JourneyRun.Completed() | JourneyRun.Exited():
            state = replace(state, status="finished")
        case _:
            pass
    return state
