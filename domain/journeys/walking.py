"""A walk from one step on, through all steps that do not wait."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.journeys.conditions import hold
from domain.journeys.decisions import Complete, Decision, GiveCoupon, Leave, RefuseCoupon, RequestMessage, StartWait
from domain.journeys.graph import Branch, Exit, Graph, IssueCoupon, Send, Trigger, Wait
from domain.journeys.state import TriggerFact
from domain.journeys.stimuli import Circumstances


class Walk:
    """One walk; `visit` is the number of the last visit to a step so far."""

    def __init__(
        self, graph: Graph, trigger: TriggerFact, *, visit: int, now: datetime, circumstances: Circumstances
    ) -> None:
        """Take what the steps look at."""
        self._graph = graph
        self._trigger = trigger
        self._visit = visit
        self._now = now
        self._circumstances = circumstances
        self._given: Counter[str] = Counter()

    def onward(self, start: str | None) -> Iterator[Decision]:
        """Yield what the steps from `start` on ask for, until one waits or the walk ends."""
        here = start
        while here is not None:
            match self._graph.nodes[here]:
                case Wait() as wait:
                    due_at = self._now + timedelta(seconds=wait.seconds)
                    yield StartWait(node=here, visit=self._next_visit(), due_at=due_at)
                    return
                case Exit(reason=reason):
                    yield Leave(reason)
                    return
                case IssueCoupon() as issue:
                    decision = self._coupon(here, issue.offer_id)
                    yield decision
                    here = issue.next if isinstance(decision, GiveCoupon) else issue.otherwise
                    if here is None and isinstance(decision, RefuseCoupon):
                        yield Leave(f"coupon_{decision.reason}")
                        return
                case Send() as send:
                    yield self._message(here, send)
                    here = send.next
                case Branch(condition=condition, yes=yes, no=no):
                    here = yes if hold(condition, self._trigger.amount, self._trigger.properties) else no
                case Trigger(next=following):
                    here = following
        yield Complete()

    def _coupon(self, here: str, offer_id: str) -> GiveCoupon | RefuseCoupon:
        visit, left = self._next_visit(), self._circumstances.left.get(offer_id)
        if left is not None and self._given[offer_id] >= left.count:
            return RefuseCoupon(node=here, visit=visit, offer_id=offer_id, reason=left.reason)
        self._given[offer_id] += 1
        return GiveCoupon(node=here, visit=visit, offer_id=offer_id)

    def _message(self, here: str, send: Send) -> RequestMessage:
        return RequestMessage(
            node=here,
            visit=self._next_visit(),
            channel=send.channel,
            template=send.template,
            purpose=send.purpose,
            expires_at=self._now + timedelta(seconds=send.valid_seconds),
        )

    def _next_visit(self) -> int:
        self._visit += 1
        return self._visit
