"""Let decisions happen to a run, as the commands do."""

from collections.abc import Iterable
from uuid import UUID

from domain.journeys.decisions import Decision, Enter, GiveCoupon, RequestMessage
from domain.journeys.run import JourneyRun, run_id
from domain.journeys.state import RunState
from domain.kernel.ids import derived
from tests.builders import CAMPAIGN, CUSTOMER


def follow(run: JourneyRun, decisions: Iterable[Decision]) -> None:
    """Record the decisions on the run; a coupon is named by its visit."""
    for decision in decisions:
        match decision:
            case Enter():
                run.enter(decision, campaign_id=CAMPAIGN, journey_version=1, customer_id=CUSTOMER)
            case GiveCoupon():
                run.give_coupon(decision, coupon_of(decision.visit))
            case RequestMessage():
                run.request_message(decision)
            case _:
                run.follow(decision)


def followed(state: RunState, decisions: Iterable[Decision]) -> RunState:
    """Return the state after the decisions."""
    run = JourneyRun(run_id(CAMPAIGN, CUSTOMER))
    run.state = state
    follow(run, decisions)
    return run.state


def coupon_of(visit: int) -> UUID:
    """Name a coupon for a test."""
    return derived("test coupon", visit)
