"""A customer's walks, told in any order and any number of times."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given as whenever
from hypothesis import strategies as st

from domain.journeys import graph
from domain.journeys.deciding import decide
from domain.journeys.run import JourneyRun, message_id, run_id
from domain.journeys.state import TriggerFact
from domain.journeys.stimuli import Circumstances, Left, Stimulus, TimerFired
from domain.kernel.event import Event
from domain.kernel.stored import from_state, to_state
from tests.builders import CAMPAIGN, CUSTOMER, NOON, a_fact
from tests.domain.journeys.walks import coupon_of, follow
from tests.spec import given

# Reminds twice, with a coupon each time, unless paid meanwhile; whoever looks again may come back.
REMINDING = graph.parse(
    {
        "nodes": {
            "carted": {"type": "trigger", "event": "added", "next": "first_wait", "max_age_seconds": 1e9},
            "first_wait": {
                "type": "wait",
                "seconds": 60,
                "unless": {"event": "paid", "next": "bought"},
                "next": "coupon",
            },
            "coupon": {"type": "issue_coupon", "offer_id": "o", "next": "tell", "otherwise": "tell"},
            "tell": {"type": "send", "channel": "email", "template": "t", "next": "second_wait"},
            "second_wait": {
                "type": "wait",
                "seconds": 60,
                "unless": {"event": "paid", "next": "bought"},
                "next": "dear",
            },
            "dear": {
                "type": "branch",
                "condition": [{"property": "size", "op": "gt", "value": 1}],
                "yes": "first_wait",
                "no": None,
            },
            "bought": {"type": "exit", "reason": "bought"},
        }
    }
)
FACTS = [
    a_fact(name, i, after=i * 7, size=i % 3) for i, name in enumerate(["added", "paid", "added", "paid", "viewed"])
]
TIMERS = [TimerFired(node=node, visit=visit) for node in ("first_wait", "second_wait") for visit in range(1, 9)]
stimuli = st.lists(st.sampled_from([*FACTS, *TIMERS]), max_size=25)


def walk(told: list[Stimulus], left: int) -> tuple[JourneyRun, list[Event]]:
    """Tell a run all of it, a second apart, and return it with its events."""
    run = JourneyRun(run_id(CAMPAIGN, CUSTOMER))
    events: list[Event] = []
    for seconds, stimulus in enumerate(told):
        now: datetime = NOON + timedelta(seconds=seconds)
        circumstances = Circumstances(left={"o": Left(left, "limit_reached")}, keep=frozenset({"size"}))
        follow(run, decide(REMINDING, run.state, stimulus, now, circumstances))
        events += run.collect_events()
    return run, events


@whenever(stimuli, st.integers(0, 2))
def test_whatever_arrives_in_whatever_order_nothing_is_asked_for_twice(told: list[Stimulus], left: int) -> None:
    """Every visit asks once, every fact begins one walk at most, and no two waits overlap."""
    _, events = walk(told, left)
    asked = [
        (type(e), e.visit) for e in events if isinstance(e, JourneyRun.CouponRequested | JourneyRun.MessageRequested)
    ]
    assert len(asked) == len(set(asked))
    messages = [event.message_id for event in events if isinstance(event, JourneyRun.MessageRequested)]
    assert len(messages) == len(set(messages))
    began = [event.trigger.fact_id for event in events if isinstance(event, JourneyRun.Entered)]
    assert len(began) == len(set(began))
    waits = [type(e) for e in events if isinstance(e, JourneyRun.WaitStarted | JourneyRun.WaitEnded)]
    assert all(one is not other for one, other in pairwise(waits))


@whenever(stimuli, st.integers(0, 24))
def test_a_repeat_of_anything_told_before_changes_nothing(told: list[Stimulus], which: int) -> None:
    """Whatever the broker delivers again, right away or much later, was dealt with."""
    once, events = walk(told, 1)
    effective = [stimulus for stimulus in told if stimulus in told[: which + 1]]
    repeated = [one for one in effective if _had_effect(told, one)]
    again, more = walk([*told, *repeated], 1)
    assert more == events
    assert again.state == once.state


@whenever(stimuli, st.integers(0, 2))
def test_a_replay_of_a_walk_equals_the_walk(told: list[Stimulus], left: int) -> None:
    """From the stored form, event by event."""
    run, events = walk(told, left)
    stored = [
        from_state(event.TOPIC, to_state(event), event.originator_id, event.originator_version) for event in events
    ]
    replayed = JourneyRun.rebuilt(run.id, stored)
    assert (replayed.state, replayed.version) == (run.state, run.version)
    assert (replayed.campaign_id, replayed.customer_id) == (run.campaign_id, run.customer_id)


def _had_effect(told: list[Stimulus], stimulus: Stimulus) -> bool:
    """Whether telling it the first time changed the run."""
    first = told.index(stimulus)
    before, _ = walk(told[:first], 1)
    return decide(REMINDING, before.state, stimulus, NOON + timedelta(seconds=first)) != ()


def test_a_walk_is_recorded_step_by_step() -> None:
    """What an auditor reads is what was decided."""
    trigger = TriggerFact(
        fact_id=0, name="added", occurred_at=NOON, customer_id=CUSTOMER, amount=29_900, currency="CNY"
    )
    entered = JourneyRun.Entered(campaign_id=CAMPAIGN, journey_version=1, customer_id=CUSTOMER, trigger=trigger)
    waiting = JourneyRun.WaitStarted(node="first_wait", visit=1, due_at=NOON + timedelta(seconds=60))

    def timer(run: JourneyRun) -> None:
        follow(run, decide(REMINDING, run.state, TimerFired(node="first_wait", visit=1), NOON + timedelta(seconds=60)))

    asked = given(JourneyRun, entered, waiting).when(timer)
    asked.then(
        JourneyRun.WaitEnded(node="first_wait", visit=1, by="timer"),
        JourneyRun.CouponRequested(node="coupon", visit=2, offer_id="o", coupon_id=coupon_of(2)),
        JourneyRun.MessageRequested(
            node="tell",
            visit=3,
            message_id=message_id(asked.events[0].originator_id, "tell", 3),
            channel="email",
            template="t",
        ),
        JourneyRun.WaitStarted(node="second_wait", visit=4, due_at=NOON + timedelta(seconds=120)),
    )
