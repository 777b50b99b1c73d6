"""What follows from a stimulus: one pure function for live runs, test runs, replays and explanations."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.journeys.conditions import Condition, hold, picked
from domain.journeys.decisions import Decision, EndWait, Enter, Leave
from domain.journeys.graph import After, Graph, Trigger, Wait, properties_of
from domain.journeys.state import RunState, TriggerFact
from domain.journeys.stimuli import LIVE, Circumstances, FactHappened, Stimulus, TimerFired
from domain.journeys.walking import Walk


def decide(
    graph: Graph, state: RunState, stimulus: Stimulus, now: datetime, circumstances: Circumstances = LIVE
) -> tuple[Decision, ...]:
    """Return what follows, up to the next wait or the end; nothing for a stimulus that is none of the run's business.

    A campaign that is not live lets nobody enter, and a walk that wakes in it leaves with the reason
    `campaign_<standing>`.
    """
    ended = _ended_wait(graph, state, stimulus)
    if ended and state.trigger:
        end, following = ended
        if circumstances.standing != "live":
            return end, Leave(f"campaign_{circumstances.standing}")
        walk = Walk(graph, state.trigger, visit=state.visit, now=now, circumstances=circumstances)
        return end, *walk.onward(following)
    if isinstance(stimulus, FactHappened) and not state.waiting:
        return tuple(_enter(graph, state, stimulus, now, circumstances))
    return ()


def _ended_wait(graph: Graph, state: RunState, stimulus: Stimulus) -> tuple[EndWait, str | None] | None:
    """Return the end of the wait that the stimulus brings about, and the step that is then next."""
    waiting, trigger = state.waiting, state.trigger
    node = graph.nodes[waiting.node] if waiting else None
    if waiting is None or trigger is None or not isinstance(node, Wait):
        return None
    match stimulus:
        case TimerFired(node=waiting.node, visit=waiting.visit):
            return EndWait(node=waiting.node, visit=waiting.visit, by="timer"), node.next
        case FactHappened() as fact if node.unless and fact.fact_id not in state.facts:
            # What happened before the walk began (and arrived late) says nothing about it.
            is_later = fact.occurred_at >= trigger.occurred_at
            if is_later and _matches(node.unless.event, node.unless.where, fact):
                end = EndWait(node=waiting.node, visit=waiting.visit, by="event", fact_id=fact.fact_id)
                return end, node.unless.next
    return None


def _enter(
    graph: Graph, state: RunState, fact: FactHappened, now: datetime, circumstances: Circumstances
) -> Iterator[Decision]:
    trigger = graph.trigger
    is_new = fact.fact_id not in state.facts and now - fact.occurred_at <= timedelta(seconds=trigger.max_age_seconds)
    if circumstances.standing != "live" or not is_new or not _matches(trigger.event, trigger.where, fact):
        return
    if not _may_enter_again(trigger, state, fact):
        return
    began = TriggerFact(
        fact_id=fact.fact_id,
        name=fact.name,
        occurred_at=fact.occurred_at,
        customer_id=fact.customer_id,
        amount=fact.amount,
        currency=fact.currency,
        properties=picked(properties_of(graph) | circumstances.keep, fact.amount, fact.properties),
    )
    yield Enter(trigger=began)
    yield from Walk(graph, began, visit=state.visit, now=now, circumstances=circumstances).onward(trigger.next)


def _may_enter_again(trigger: Trigger, state: RunState, fact: FactHappened) -> bool:
    if state.trigger is None:
        return True
    match trigger.reentry:
        case After(after_seconds=seconds):
            return fact.occurred_at - state.trigger.occurred_at >= timedelta(seconds=seconds)
        case reentry:
            return reentry == "always"


def _matches(event: str, where: tuple[Condition, ...], fact: FactHappened) -> bool:
    return fact.name == event and hold(where, fact.amount, fact.properties)
