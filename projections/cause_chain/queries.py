"""Follow causes back through the log: coupon or message, the walk that led to it, its trigger, the launch before it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from domain.campaigns.campaign import Campaign
from domain.channels.message import Message
from domain.coupons.coupon import Coupon
from domain.journeys.run import JourneyRun
from domain.kernel.errors import InvalidInputError, NotFoundError
from domain.kernel.event import Event
from projections.cause_chain import words
from projections.cause_chain.step import CauseChain, Step, chain
from projections.engine.projection import Reading
from projections.history.queries import Happened, event_at, fact, stream
from projections.history.shown import recorded

_FACT = "fact:"
_LARGEST = 2**63 - 1
# A journey's graph and its wordings are long, and a query away; a coupon's code is money.
_LEFT_OUT = frozenset({"journey", "templates", "code"})


class NothingToExplainError(NotFoundError):
    """Nothing in the log has this name."""

    code = "audit.nothing_there"


async def why(reading: Reading, about: str) -> CauseChain:
    """Return why something happened.

    `about` is the id of a coupon, message, journey run or other stream, or a position in the log, or `fact:` and a
    fact's id. Raises `NothingToExplainError`, or `InvalidInputError` for another form.
    """
    if about.startswith(_FACT):
        return chain(about, await _fact(reading, _number(about.removeprefix(_FACT))))
    if about.isascii() and about.isdigit():
        return chain(about, await _event(reading, _number(about)))
    try:
        stream_id = UUID(about)
    except ValueError:
        raise InvalidInputError(
            "ask about the id of a coupon, message or other stream, about a position, or about fact:<id>", field="about"
        ) from None
    return chain(about, await _stream(reading, stream_id))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _LARGEST):
        raise InvalidInputError("a position or a fact's id is a whole number", field="about")
    return int(text)


async def _stream(reading: Reading, stream_id: UUID) -> list[Step]:
    history = await stream(reading, stream_id)
    if not history:
        raise NothingToExplainError("nothing in the log has this id", field="about")
    for kind, explain in _EXPLAINED.items():
        if isinstance(history[0].event, kind):
            return await explain(reading, history)
    return [_step(one) for one in reversed(history)]


async def _event(reading: Reading, position: int) -> list[Step]:
    found = await event_at(reading, position)
    if found is None:
        raise NothingToExplainError("the log has no event at this position", field="about")
    event = found.event
    if isinstance(event, Coupon.Issued | Message.Requested):
        return await _stream(reading, event.originator_id)
    history = await stream(reading, event.originator_id, until=position)
    if isinstance(history[0].event, JourneyRun.Entered):
        return await _run(reading, history)
    # What led to the stream itself explains its later events as well.
    return [_step(found), *(one for one in await _stream(reading, event.originator_id) if one.position != position)]


async def _coupon(reading: Reading, history: Sequence[Happened]) -> list[Step]:
    issued: Any = history[0].event
    steps = [_step(one) for one in reversed(history)]
    if issued.because.run_id is None:
        return steps + await _campaign(reading, issued.campaign_id, before=history[0].position)
    return steps + await _walk(reading, issued.because.run_id, lambda event: _gave(event, issued.originator_id))


async def _message(reading: Reading, history: Sequence[Happened]) -> list[Step]:
    asked: Any = history[0].event
    steps = [_step(one) for one in reversed(history)]
    return steps + await _walk(reading, asked.run_id, lambda event: _gave(event, asked.originator_id))


def _gave(event: Event, wanted: UUID) -> bool:
    match event:
        case JourneyRun.CouponRequested(coupon_id=given) | JourneyRun.MessageRequested(message_id=given):
            return given == wanted
        case _:
            return False


async def _walk(reading: Reading, run_id: UUID, is_effect: Callable[[Event], bool]) -> list[Step]:
    """Return the walk up to what it led to, and what was behind it; the step itself is told by its effect."""
    history = await stream(reading, run_id)
    end = next((index for index, one in enumerate(history) if is_effect(one.event)), None)
    return [] if end is None else await _run(reading, history[:end])


async def _run(reading: Reading, history: Sequence[Happened]) -> list[Step]:
    begin = max(index for index, one in enumerate(history) if isinstance(one.event, JourneyRun.Entered))
    steps: list[Step] = []
    for one in reversed(history[begin:]):
        steps.append(_step(one))
        match one.event:
            case JourneyRun.WaitEnded(fact_id=int(ended_by)):
                steps += await _fact(reading, ended_by)
            case JourneyRun.Entered(trigger=trigger):
                steps += await _fact(reading, trigger.fact_id)
    entered: Any = history[begin].event
    before = history[begin].position
    return steps + await _campaign(reading, entered.campaign_id, before=before, version=entered.journey_version)


async def _campaign(reading: Reading, campaign_id: UUID, *, before: int, version: int | None = None) -> list[Step]:
    """Return who let customers in (this version, the last time before), and whose campaign it is."""
    history = await stream(reading, campaign_id, until=before)
    launches = [
        one
        for one in history
        if isinstance(one.event, Campaign.Launched) and version in {None, one.event.journey_version}
    ]
    return [_step(one) for one in (*launches[-1:], *history[:1])]


async def _fact(reading: Reading, fact_id: int) -> list[Step]:
    found = await fact(reading, fact_id)
    if found is None:
        raise NothingToExplainError(f"the log has no fact {fact_id}", field="about")
    zh, en = words.of_fact(found)
    return [
        Step(
            what="fact",
            id=str(fact_id),
            zh=zh,
            en=en,
            topic=found.name,
            occurred_at=found.occurred_at,
            recorded_at=found.recorded_at,
            actor=found.source,
            details={"customer_id": found.customer_id, "amount": found.amount, "currency": found.currency},
        )
    ]


def _step(happened: Happened) -> Step:
    zh, en = words.of_event(happened.event)
    shown = recorded(happened)
    return Step(
        what=happened.topic.partition(".")[0],
        id=str(shown.stream_id),
        zh=zh,
        en=en,
        position=happened.position,
        topic=happened.topic,
        occurred_at=shown.meta.occurred_at,
        recorded_at=shown.meta.recorded_at,
        actor=shown.meta.actor,
        details={name: value for name, value in shown.payload.items() if name not in _LEFT_OUT},
    )


_EXPLAINED: dict[type[Event], Callable[[Reading, Sequence[Happened]], Awaitable[list[Step]]]] = {
    Coupon.Issued: _coupon,
    Message.Requested: _message,
    JourneyRun.Entered: _run,
}
