"""What follows from what happens to a customer: entering, waiting, giving, leaving."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from domain.journeys import graph
from domain.journeys.deciding import decide
from domain.journeys.decisions import (
    Complete,
    Decision,
    EndWait,
    Enter,
    GiveCoupon,
    Leave,
    RefuseCoupon,
    RequestMessage,
    StartWait,
)
from domain.journeys.state import NEW, RunState
from domain.journeys.stimuli import LIVE, Circumstances, FactHappened, Left, Stimulus, TimerFired
from tests.builders import CART_JOURNEY, NOON, a_fact
from tests.domain.journeys.walks import followed

CART = graph.parse(CART_JOURNEY)
ADDED = a_fact("Product Added", 1, sku="SKU-1")
PAID = a_fact("Order Completed", 2, after=600)
HALF_PAST = NOON + timedelta(minutes=30)
DUE = TimerFired(node="half_an_hour", visit=1)


def after(*told: Stimulus, journey: graph.Graph = CART) -> RunState:
    """Where the customer stands after these, each told at noon."""
    state = NEW
    for stimulus in told:
        state = followed(state, decide(journey, state, stimulus, NOON))
    return state


def kinds(decisions: tuple[Decision, ...]) -> list[type[Decision]]:
    """What was decided, by name."""
    return [type(decision) for decision in decisions]


def with_parts(node_id: str, **parts: object) -> graph.Graph:
    """The cart journey with other parts at one step."""
    journey = copy.deepcopy(CART_JOURNEY)
    journey["nodes"].setdefault(node_id, {}).update(parts)
    return graph.parse(journey)


def test_who_adds_to_the_cart_enters_and_waits() -> None:
    """The wait begins when Koi learns of it, not when the phone says it was."""
    assert decide(CART, NEW, ADDED, NOON)[1:] == (StartWait(node="half_an_hour", visit=1, due_at=HALF_PAST),)


def test_who_pays_meanwhile_leaves_without_a_coupon() -> None:
    """Nobody needs five yuan off what is bought already."""
    assert decide(CART, after(ADDED), PAID, NOON) == (
        EndWait(node="half_an_hour", visit=1, by="event", fact_id=2),
        Leave("bought"),
    )


def test_who_does_not_pay_gets_a_coupon_and_a_message() -> None:
    """All of it is decided in one go."""
    decisions = decide(CART, after(ADDED), DUE, HALF_PAST)
    assert kinds(decisions) == [EndWait, GiveCoupon, RequestMessage, Complete]
    assert decisions[1:3] == (
        GiveCoupon(node="five_off", visit=2, offer_id="cart-5-off"),
        RequestMessage(
            node="tell",
            visit=3,
            channel="email",
            template="come_back",
            purpose="marketing",
            expires_at=HALF_PAST + timedelta(days=1),
        ),
    )


def test_a_timer_of_another_visit_decides_nothing() -> None:
    """Nor does one for a wait that is over, or for a customer who never entered."""
    waiting = after(ADDED)
    assert decide(CART, waiting, TimerFired(node="half_an_hour", visit=2), HALF_PAST) == ()
    assert decide(CART, waiting, TimerFired(node="elsewhere", visit=1), HALF_PAST) == ()
    assert decide(CART, NEW, DUE, HALF_PAST) == ()
    assert decide(CART, after(ADDED, PAID), DUE, HALF_PAST) == ()


def test_a_payment_before_the_walk_began_does_not_end_it() -> None:
    """An order of yesterday that arrives late says nothing about today's cart."""
    earlier = a_fact("Order Completed", 2, after=-1)
    assert decide(CART, after(ADDED), earlier, NOON) == ()


def test_history_that_is_imported_lets_nobody_enter() -> None:
    """A back-fill of last year must not send coupons today."""
    old = a_fact("Product Added", 1, after=-86_401)
    assert decide(CART, NEW, old, NOON) == ()
    assert decide(CART, NEW, a_fact("Product Added", 1, after=-86_400), NOON) != ()


def test_only_the_facts_a_trigger_describes_let_a_customer_enter() -> None:
    """The name, and the conditions on properties and amount."""
    picky = with_parts("carted", where=[{"property": "amount", "op": "gte", "value": 30_000}])
    assert decide(CART, NEW, PAID, NOON) == ()
    assert decide(picky, NEW, ADDED, NOON) == ()


def test_who_is_in_the_journey_does_not_enter_it_again() -> None:
    """One walk at a time."""
    assert decide(CART, after(ADDED), a_fact("Product Added", 3, after=60), NOON) == ()


@pytest.mark.parametrize(
    ("reentry", "seconds", "enters"),
    [
        ("always", 0, True),
        ("never", 10 * 86_400, False),
        ({"after_seconds": 3_600}, 3_599, False),
        ({"after_seconds": 3_600}, 3_600, True),
    ],
)
def test_whether_a_customer_may_come_back_is_the_triggers_word(reentry: object, seconds: int, *, enters: bool) -> None:
    """Counted between the facts, so that it does not depend on when they arrive."""
    journey = with_parts("carted", reentry=reentry)
    left = after(ADDED, PAID, journey=journey)
    again = a_fact("Product Added", 3, after=seconds)
    assert (decide(journey, left, again, NOON + timedelta(seconds=seconds)) != ()) is enters


def test_a_redelivered_fact_never_begins_a_second_walk() -> None:
    """Even where coming back is always allowed, and other walks lie between."""
    state = after(ADDED, PAID, a_fact("Product Added", 3, after=700), a_fact("Order Completed", 4, after=800))
    assert state.status == "finished"
    assert decide(CART, state, ADDED, NOON) == ()
    assert decide(CART, state, a_fact("Product Added", 5, after=900), NOON) != ()


def test_visits_are_numbered_over_all_walks() -> None:
    """So that no id of a second walk is one of the first."""
    state = after(ADDED, DUE, a_fact("Product Added", 3, after=900))
    assert state.waiting
    assert state.waiting.visit == 4


def test_when_no_coupon_is_left_the_walk_ends_or_takes_another_way() -> None:
    """A message about a coupon that does not exist would be worse than none."""
    none_left = Circumstances(left={"cart-5-off": Left(0, "sold_out")})
    ended = decide(CART, after(ADDED), DUE, HALF_PAST, none_left)
    assert ended[1:] == (
        RefuseCoupon(node="five_off", visit=2, offer_id="cart-5-off", reason="sold_out"),
        Leave("coupon_sold_out"),
    )
    detour = with_parts("five_off", otherwise="bought")
    assert decide(detour, after(ADDED), DUE, HALF_PAST, none_left)[-1] == Leave("bought")


def test_two_coupons_in_a_row_share_what_is_left() -> None:
    """The last coupon is not given twice within one decision."""
    twice = with_parts("five_off", next="again")
    twice.nodes["again"] = graph.IssueCoupon(offer_id="cart-5-off", next="tell")
    one_left = Circumstances(left={"cart-5-off": Left(1, "limit_reached")})
    decisions = decide(twice, after(ADDED, journey=twice), DUE, HALF_PAST, one_left)
    assert kinds(decisions) == [EndWait, GiveCoupon, RefuseCoupon, Leave]


def test_a_branch_looks_at_the_fact_that_began_the_walk() -> None:
    """Also long after it, and after the log has let go of the fact."""
    journey = copy.deepcopy(CART_JOURNEY)
    journey["nodes"]["half_an_hour"]["next"] = "dear"
    condition = [{"property": "cart.total", "op": "gte", "value": 200}]
    journey["nodes"]["dear"] = {"type": "branch", "condition": condition, "yes": "five_off", "no": "bought"}
    branching = graph.parse(journey)
    dear, cheap = (a_fact("Product Added", 1, cart={"total": total}) for total in (299, 19.9))
    assert GiveCoupon in kinds(decide(branching, after(dear, journey=branching), DUE, HALF_PAST))
    assert decide(branching, after(cheap, journey=branching), DUE, HALF_PAST)[-1] == Leave("bought")


def test_only_what_conditions_and_messages_need_is_kept_of_a_fact() -> None:
    """The rest stays in the fact log."""
    entered = decide(CART, NEW, ADDED, NOON, Circumstances(keep=frozenset({"sku"})))[0]
    assert isinstance(entered, Enter)
    assert entered.trigger.properties == {"sku": "SKU-1"}
    bare = decide(CART, NEW, ADDED, NOON, LIVE)[0]
    assert isinstance(bare, Enter)
    assert bare.trigger.properties == {}


@pytest.mark.parametrize("standing", ["draft", "scheduled", "paused", "ended"])
def test_a_campaign_that_is_not_live_lets_nobody_in_and_everybody_out(standing: str) -> None:
    """Whoever wakes in it leaves with the reason, and gets nothing."""
    circumstances = Circumstances(standing=standing)
    assert decide(CART, NEW, ADDED, NOON, circumstances) == ()
    assert decide(CART, after(ADDED), DUE, HALF_PAST, circumstances) == (
        EndWait(node="half_an_hour", visit=1, by="timer"),
        Leave(f"campaign_{standing}"),
    )


def test_a_one_step_journey_is_over_at_once() -> None:
    """Entering, sending and completing are one decision."""
    journey: dict[str, Any] = {
        "nodes": {
            "begin": {"type": "trigger", "event": "Product Added", "next": "tell"},
            "tell": {"type": "send", "channel": "email", "template": "come_back"},
        }
    }
    assert kinds(decide(graph.parse(journey), NEW, ADDED, NOON)) == [Enter, RequestMessage, Complete]


def test_deciding_is_a_function() -> None:
    """The same question has the same answer, however often it is asked."""
    fact: FactHappened = ADDED
    assert decide(CART, NEW, fact, NOON) == decide(CART, NEW, fact, NOON)
