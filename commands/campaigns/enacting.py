"""Turn the decisions of a run into the events of everything they concern."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from commands.campaigns.parameters import parameters
from commands.coupons.granting import new_code, terms_of
from domain.campaigns.campaign import Campaign
from domain.channels.message import Message, MessageRequest
from domain.channels.template import Templates
from domain.coupons.coupon import Because, Coupon
from domain.journeys.decisions import Decision, Enter, GiveCoupon, RequestMessage
from domain.journeys.run import JourneyRun
from domain.kernel.aggregate import Aggregate


class Enactment:
    """The decisions of one stimulus; `touched` is what must be saved together.

    `coupons` are those the customer may get by offer, `earlier` the one the walk gave before.
    """

    def __init__(
        self,
        run: JourneyRun,
        campaign: Campaign,
        *,
        customer_id: UUID,
        templates: Templates,
        coupons: dict[str, list[Coupon]],
        earlier: Coupon | None,
        now: datetime,
    ) -> None:
        """Take everything the decisions can touch, loaded."""
        self._run = run
        self._campaign = campaign
        self._customer_id = customer_id
        self._templates = templates
        self._coupons = coupons
        self._coupon = earlier
        self._now = now
        self.touched: list[Aggregate] = [run]

    def enact(self, decisions: Iterable[Decision], journey_version: int) -> None:
        """Let it all happen, in order."""
        for decision in decisions:
            match decision:
                case Enter():
                    self._coupon = None
                    self._run.enter(
                        decision,
                        campaign_id=self._campaign.id,
                        journey_version=journey_version,
                        customer_id=self._customer_id,
                    )
                case GiveCoupon():
                    self._give_coupon(decision)
                case RequestMessage():
                    self._request_message(decision, journey_version)
                case _:
                    self._run.follow(decision)

    def _give_coupon(self, decision: GiveCoupon) -> None:
        coupon = self._coupons[decision.offer_id].pop(0)
        trigger = self._run.state.trigger
        coupon.issue(
            terms_of(self._campaign.offer(decision.offer_id), self._campaign.id, self._customer_id),
            code=new_code(),
            because=Because(
                run_id=self._run.id,
                node=decision.node,
                visit=decision.visit,
                fact_id=trigger.fact_id if trigger else None,
            ),
            now=self._now,
        )
        self._run.give_coupon(decision, coupon.id)
        self._coupon = coupon
        self.touched.append(coupon)
        if self._campaign.offer(decision.offer_id).stock is not None:
            self._campaign.reserve(decision.offer_id, coupon_id=coupon.id, customer_id=self._customer_id)
            self.touched += [] if self._campaign in self.touched else [self._campaign]

    def _request_message(self, decision: RequestMessage, journey_version: int) -> None:
        message = Message(self._run.request_message(decision))
        trigger, coupon = self._run.state.trigger, self._coupon
        issued = coupon.issued if coupon else None
        message.ask(
            MessageRequest(
                campaign_id=self._campaign.id,
                journey_version=journey_version,
                run_id=self._run.id,
                node=decision.node,
                customer_id=self._customer_id,
                channel=decision.channel,
                purpose=decision.purpose,
                template=decision.template,
                parameters=parameters(self._templates[decision.template], trigger, coupon),
                trigger_occurred_at=trigger.occurred_at if trigger else self._now,
                # Nobody wants to hear of a coupon that is no longer good.
                expires_at=min(decision.expires_at, issued.expires_at) if issued else decision.expires_at,
                coupon_id=coupon.id if coupon else None,
            )
        )
        self.touched.append(message)
