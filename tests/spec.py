"""Given these events, when this is asked, then that follows: the grammar of the domain's tests.

`given(Coupon, *history).when(lambda coupon: coupon.redeem(...)).then(Coupon.Redeemed(...))`. Events are compared by
type and payload; ids, versions and envelopes are bookkeeping. Whatever follows is also stored, read back and replayed,
so the stored form and `evolve` are tested with every decision.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import KoiError
from domain.kernel.event import NO_META, Event
from domain.kernel.stored import from_state, to_state

STREAM = UUID("00000000-0000-4000-8000-00000000c01d")

A = TypeVar("A", bound=Aggregate)
E = TypeVar("E", bound=KoiError)


class Asked(Generic[A]):
    """What followed: the new events, or the refusal."""

    def __init__(self, kind: type[A], history: Sequence[Event], action: Callable[[A], object]) -> None:
        """Rebuild, ask, and keep what comes of it."""
        aggregate = kind.rebuilt(STREAM, history)
        self.refusal: KoiError | None = None
        self.answer: object = None
        try:
            self.answer = action(aggregate)
        except KoiError as refusal:
            self.refusal = refusal
        self.events = tuple(aggregate.collect_events())
        self._kind, self._history, self._live = kind, history, aggregate

    def then(self, *expected: Event) -> "Asked[A]":
        """Exactly these events follow, and a replay of them leads to the same state."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert [_payload(event) for event in self.events] == [_payload(event) for event in expected]
        replayed = self._kind.rebuilt(STREAM, [*self._history, *(_restored(event) for event in self.events)])
        assert _state(replayed) == _state(self._live)
        return self

    def then_nothing(self) -> "Asked[A]":
        """It is accepted, and changes nothing."""
        return self.then()

    def then_answers(self, answer: object) -> "Asked[A]":
        """The method returns this."""
        assert self.answer == answer
        return self

    def then_raises(self, refusal: type[E]) -> E:
        """It is refused with this error, and nothing is recorded; returns the error to look at its words."""
        assert isinstance(self.refusal, refusal), f"expected {refusal.__name__}, got {self.refusal!r}"
        assert self.events == ()
        return self.refusal


class Given(Generic[A]):
    """A stream with a history."""

    def __init__(self, kind: type[A], history: Sequence[Event]) -> None:
        """Number the events as the log would."""
        self._kind = kind
        self._history = [
            msgspec.structs.replace(event, originator_id=STREAM, originator_version=version)
            for version, event in enumerate(history, start=1)
        ]

    def when(self, action: Callable[[A], object]) -> Asked[A]:
        """Ask something of the rebuilt aggregate."""
        return Asked(self._kind, self._history, action)


def given(kind: type[A], *history: Event) -> Given[A]:
    """Begin with what has happened so far."""
    return Given(kind, history)


def _payload(event: Event) -> tuple[type[Event], dict[str, Any]]:
    bare = msgspec.structs.replace(event, originator_id=STREAM, originator_version=0, meta=NO_META)
    return type(event), msgspec.structs.asdict(bare)


def _restored(event: Event) -> Event:
    if event.PERSONAL:  # sealing is tested where the keys are
        return event
    return from_state(event.TOPIC, to_state(event), event.originator_id, event.originator_version)


def _state(aggregate: Aggregate) -> dict[str, Any]:
    return {name: value for name, value in vars(aggregate).items() if name != "_pending"}
