"""A person as she is watched: her history laid out, and what is known of when her memberships may change."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.activity.membership import MEMBERSHIP
from domain.kernel.event import EPOCH
from domain.kernel.rules.history import History, Occurrence
from domain.kernel.rules.parts.moment import Moment, Person

# Where the facts of memberships name the segment.
_SEGMENT = "properties.segment"


class Settled(NamedTuple):
    """How far a membership is judged: news until `at` have been, and it cannot change without news before `due`."""

    at: datetime
    due: datetime | None


class Subject:
    """One person."""

    __slots__ = (
        "_happened",
        "_moments",
        "_settled",
        "_told",
        "ahead",
        "ahead_until",
        "customer_id",
        "number",
        "person",
        "profile_id",
        "stored",
        "swept",
    )

    def __init__(self, profile_id: UUID, number: int, person: Person, *, stored: datetime | None) -> None:
        """Take the person, her number, and when anything of hers falls due as far as is stored."""
        self.profile_id = profile_id
        self.number = number
        self.person = person
        self.stored = stored
        self._settled: dict[str, Settled] = {}
        # When she last did anything: of a membership not judged since she was loaded, what is older comes late.
        self.swept = EPOCH
        self.customer_id = _named(profile_id, person.history)
        # Facts of these ids are in the history although their page has not come yet, up to this position of the log.
        self.ahead: frozenset[int] = frozenset()
        self.ahead_until = 0
        self._happened = [(one.occurred_at, one.name) for one in person.history.events]
        self._told = _last_told(person.history)
        self._moments: dict[datetime, Moment] = {}

    def add(self, event: Occurrence, items: Sequence[Occurrence]) -> set[int]:
        """Take in what she did; returns the numbers of the series it belongs to."""
        self._moments.clear()
        insort(self._happened, (event.occurred_at, event.name))
        series = set(self.person.add(event))
        for item in items:
            series.update(self.person.add(item, "items"))
        return series

    def at(self, instant: datetime) -> Moment:
        """Return her at an instant: what several rules ask of it is worked out once."""
        found = self._moments.get(instant)
        if found is None:
            found = self._moments[instant] = self.person.at(instant)
        return found

    def forget_moments(self) -> None:
        """Free what was worked out."""
        self._moments.clear()

    def between(self, since: datetime, until: datetime) -> Sequence[datetime]:
        """Return when she did anything, after `since` and until `until`, in order."""
        first = bisect_right(self._happened, since, key=_when)
        return [at for at, _ in self._happened[first : bisect_right(self._happened, until, first, key=_when)]]

    def did_at(self, instant: datetime) -> str | None:
        """Return the name of what she did at an instant, None if nothing."""
        place = bisect_right(self._happened, instant, key=_when)
        at, name = self._happened[place - 1] if place else (EPOCH, "")
        return name if at == instant else None

    def settled(self, key: str) -> Settled:
        """Return how far the membership is judged: what is stored holds for all of which no more is known."""
        return self._settled.get(key) or Settled(self.swept, self.stored)

    def settle(self, key: str, settled: Settled) -> None:
        """Note how far the membership is judged."""
        self._settled[key] = settled

    def earliest(self, keys: Iterable[str]) -> datetime | None:
        """Return when the first of these memberships may change."""
        return min((due for key in keys if (due := self.settled(key).due) is not None), default=None)

    def told(self, key: str) -> datetime:
        """Return when the membership last changed, as far as was told."""
        return self._told.get(key, EPOCH)

    def tell(self, key: str, at: datetime) -> None:
        """Note that a change of the membership is told."""
        self._told[key] = max(at, self.told(key))


def _when(happened: tuple[datetime, str]) -> datetime:
    return happened[0]


def _named(profile_id: UUID, history: History) -> UUID:
    # Facts about her hang on a customer that has a history: on the strongest one where that has.
    customers = sorted(history.customers)
    return profile_id if not customers or str(profile_id) in customers else UUID(customers[0])


def _last_told(history: History) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for occurrence in history.events:
        key = occurrence.fields.get(_SEGMENT) if occurrence.name in MEMBERSHIP else None
        if isinstance(key, str):
            found[key] = max(occurrence.occurred_at, found.get(key, EPOCH))
    return found
