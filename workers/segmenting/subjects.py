"""The people watched most recently, laid out in memory; others are loaded when something happens to them."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import asyncpg

from domain.activity.membership import MEMBERSHIP
from domain.kernel.event import EPOCH
from domain.kernel.rules.history import History, Occurrence
from projections.profile_history.facts import FactRow
from workers.segmenting.registry import Registry
from workers.segmenting.subject import Subject
from workers.segmenting.watching import COUNTING, Watch

# Occurrences that are kept of all people together: about 0.7 KB each; and what a person weighs without any.
_ROOM: Final = 300_000
_EACH: Final = 20
_DUES: Final = "SELECT profile_id, due_at FROM segmenting.due WHERE profile_id = ANY($1)"
_HEAD: Final = "SELECT coalesce(max(notification_id), 0) FROM decision_log"

# Of facts by their ids: the event, and the items in it.
Occurring = Mapping[int, tuple[Occurrence, Sequence[Occurrence]]]


class Lore(Protocol):
    """Reads what is known of people."""

    async def histories(
        self, members: Mapping[UUID, Collection[UUID]], names: Collection[str] | None
    ) -> Mapping[UUID, History]:
        """Return the history of each profile, given its customers, with the facts of these names (None: all)."""
        ...

    async def occurring(self, rows: Collection[FactRow]) -> Occurring:
        """Return facts as rules look at them."""
        ...


class Subjects:
    """Subjects by profile."""

    def __init__(self, connection: asyncpg.Connection, registry: Registry, lore: Lore) -> None:
        """Take where to ask, and what reads histories."""
        self._connection = connection
        self._registry = registry
        self.lore = lore
        self._known: OrderedDict[UUID, Subject] = OrderedDict()
        self._weights: dict[UUID, int] = {}
        self._weight = 0

    def get(self, profile_id: UUID) -> Subject | None:
        """Return the person if she is in memory."""
        found = self._known.get(profile_id)
        if found is not None:
            self._known.move_to_end(profile_id)
        return found

    def drop(self, profiles: Iterable[UUID]) -> None:
        """Forget these people: what is known of them is not what it was."""
        for profile_id in profiles:
            self._known.pop(profile_id, None)
            self._weight -= self._weights.pop(profile_id, 0)

    def clear(self) -> None:
        """Forget everybody."""
        self._known.clear()
        self._weights.clear()
        self._weight = 0

    async def load(
        self, watch: Watch, profiles: Collection[UUID], *, news: Collection[int] = (), now: datetime
    ) -> dict[UUID, Subject]:
        """Load people whose customers are registered; `news` are the facts that are about to be judged."""
        members = await self._registry.members(profiles)
        numbers = await self._registry.find(profiles)
        names = watch.names and {*watch.names, *MEMBERSHIP, COUNTING}
        histories = await self.lore.histories(members, names)
        dues = {row["profile_id"]: row["due_at"] for row in await self._connection.fetch(_DUES, list(profiles))}
        # Whatever stands in the log by now may be in the histories already.
        head: int = await self._connection.fetchval(_HEAD)
        found = {}
        for profile_id, history in histories.items():
            person = watch.person(history)
            subject = Subject(profile_id, numbers[profile_id].number, person, stored=dues.get(profile_id))
            subject.ahead = frozenset(one.fact_id for one in history.events)
            subject.ahead_until = head
            subject.swept = _last_before(history, news, now)
            found[profile_id] = subject
            self._keep(subject, _EACH + len(history.events) + len(history.items))
        return found

    def _keep(self, subject: Subject, weight: int) -> None:
        self.drop([subject.profile_id])
        self._known[subject.profile_id] = subject
        self._weights[subject.profile_id] = weight
        self._weight += weight
        while self._weight > _ROOM and len(self._known) > 1:
            self.drop([next(iter(self._known))])


def _last_before(history: History, news: Collection[int], now: datetime) -> datetime:
    """Return when she last did anything, but for what is news, and for what is yet to come."""
    known = (one.occurred_at for one in reversed(history.events) if one.fact_id not in news and one.occurred_at <= now)
    return next(known, EPOCH)
