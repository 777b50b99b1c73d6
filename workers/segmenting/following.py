"""Follow the log: page after page, whoever a page concerns is judged, and what changed is told with the position."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, Self
from uuid import UUID

import asyncpg
import msgspec

from commands.runtime.event_store import EventStore
from commands.runtime.facts import FactIds
from commands.runtime.suppressions import SuppressionsMovedError
from commands.segments.tell_membership import tell_membership
from projections.engine.page import Page
from projections.engine.waiting import wait_until
from workers.parking import park
from workers.runtime import PASSING
from workers.segmenting.concerning import gather, since
from workers.segmenting.keeping import NAME, Known, Standing, lost, standings, take_over, write
from workers.segmenting.membership import Membership
from workers.segmenting.news import Seen, Tidings, reload_needed, tidings
from workers.segmenting.registry import Group, Registry
from workers.segmenting.step import SAID, Concern, Step
from workers.segmenting.subject import Subject
from workers.segmenting.subjects import Subjects
from workers.segmenting.watching import Watch

_AT_ONCE: Final = 200
_GRAPH: Final = "identity_graph"
_PATIENCE_SECONDS: Final = 60.0
_DUE: Final = "SELECT profile_id FROM segmenting.due WHERE due_at <= $1 ORDER BY due_at, profile_id LIMIT $2"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored, and the epoch under which it may be changed."""

    epoch: int
    position: int
    registry: Registry
    membership: Membership
    standings: dict[str, Standing]
    lost: frozenset[str]

    @classmethod
    async def take_over(cls, connection: asyncpg.Connection) -> Self:
        """Wait until no other process follows the log, then read what is stored."""
        epoch, position = await take_over(connection)
        return cls(
            epoch=epoch,
            position=position,
            registry=await Registry.open(connection),
            membership=await Membership.load(connection),
            standings=await standings(connection),
            lost=await lost(connection),
        )


class Following:
    """What the one owner of the log's followership knows and does; any failure ends it, and it begins anew."""

    def __init__(
        self,
        store: EventStore,
        connection: asyncpg.Connection,
        stored: Stored,
        subjects: Subjects,
        clock: Callable[[], datetime],
    ) -> None:
        """Take what is stored, as it was found after the epoch was raised."""
        self._store = store
        self._connection = connection
        self._epoch = stored.epoch
        self.position = stored.position
        self._ids = FactIds()
        self._registry = stored.registry
        self._subjects = subjects
        self.membership = stored.membership
        self.standings = stored.standings
        self._clock = clock
        self._now = clock()
        self._faults: list[tuple[UUID, Exception]] = []
        self.told = 0
        # Customers of whom pages tell anything, for as long as somebody wants to know.
        self.touched: set[UUID] | None = None

    def now(self) -> datetime:
        """Return the present instant, which never goes back while this process lives."""
        self._now = max(self._now, self._clock())
        return self._now

    def step(self, watch: Watch) -> Step:
        """Begin a step."""
        return Step(watch, self.membership, self.standings, self.now())

    async def take(self, page: Page, watch: Watch, anew: Sequence[Standing] = ()) -> None:
        """Judge everybody whom the page concerns, tell what changed, and stand at the page's end.

        `anew` are segments that everybody is to be judged anew for since the page.
        """
        self.standings.update({one.key: one for one in anew})
        step = self.step(watch)
        step.writing.standings += anew
        if watch.keys:
            found = await tidings(self._connection, page, watch)
            self._touch(found.customers)
            groups = await self._regroup(found, page, step)
            await self._judge(found, groups, page, watch, step)
        step.writing.position = (page.after, page.upto)
        await self.commit(step)
        self.position = page.upto

    async def fall_due(self, watch: Watch) -> bool:
        """Judge some of those of whom anything is due; returns whether there may be more."""
        step = self.step(watch)
        rows = await self._connection.fetch(_DUE, step.now, _AT_ONCE)
        if not rows:
            return False
        for subject in await self.people([row["profile_id"] for row in rows], watch, step):
            self.judge(step, subject, partial(step.fall_due, subject))
        await self.commit(step)
        return len(rows) == _AT_ONCE

    async def people(
        self, profiles: Collection[UUID], watch: Watch, step: Step, *, news: Collection[int] = ()
    ) -> list[Subject]:
        """Return the people, loaded where they are not in memory, without those who cannot be.

        `news` are facts that are about to be judged.
        """
        known = {one: subject for one in profiles if (subject := self._subjects.get(one))}
        known |= await self._load([one for one in profiles if one not in known], news, watch, step)
        return [known[one] for one in profiles if one in known]

    def judge(self, step: Step, subject: Subject, judging: Callable[[], None]) -> None:
        """Judge one person; a fault with her must not hold up the others: she is put aside until something is new."""
        try:
            judging()
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is hers alone
            self._put_aside(step, subject.profile_id, error)

    def faults(self) -> dict[UUID, Exception]:
        """Return who could not be judged in the step under way, and why; they are the caller's to deal with."""
        found, self._faults = dict(self._faults), []
        return found

    def _put_aside(self, step: Step, profile_id: UUID, error: Exception) -> None:
        self._subjects.drop([profile_id])
        step.writing.dues[profile_id] = None
        self._faults.append((profile_id, error))

    async def _load(
        self, profiles: Collection[UUID], news: Collection[int], watch: Watch, step: Step
    ) -> dict[UUID, Subject]:
        """Load people together, or one by one where something is wrong with one of them."""
        if not profiles:
            return {}
        try:
            return await self._subjects.load(watch, profiles, news=news, now=step.now)
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - whose it is is found out below
            if len(profiles) == 1:
                self._put_aside(step, next(iter(profiles)), error)
                return {}
        found: dict[UUID, Subject] = {}
        for profile_id in profiles:
            found |= await self._load([profile_id], news, watch, step)
        return found

    def _touch(self, customers: Iterable[UUID]) -> None:
        if self.touched is not None:
            self.touched.update(customers)

    def forget(self, profiles: Iterable[UUID]) -> None:
        """Load these people anew when they are needed next."""
        self._subjects.drop(profiles)

    def forget_everybody(self) -> None:
        """Lay everybody out anew: other rules look at them."""
        self._subjects.clear()

    async def commit(self, step: Step) -> None:
        """Write what the step came to, all or nothing."""
        step.writing.chunks = self.membership.changed()
        step.writing.extents |= self.membership.extents({one.key for one in step.writing.chunks})
        suppressions = self._store.suppressions
        while step.changes or not step.writing.is_empty:
            known = suppressions.position
            changes = [one for one in step.changes if one.profile_id not in suppressions]
            changes.sort(key=lambda one: (one.occurred_at, one.profile_id, one.segment))
            also = partial(write, epoch=self._epoch, what=step.writing, is_durable=bool(changes))
            try:
                self.told += await asyncio.to_thread(
                    tell_membership, self._store, self._ids, changes, known=known, also=also
                )
            except SuppressionsMovedError:
                await suppressions.refresh()
                continue
            break
        self._registry.settled()
        faults, self._faults = self._faults, []
        for profile_id, error in faults:
            await park(self._store.pool, NAME, self.position, profile_id, "judging", error)

    async def _regroup(self, found: Tidings, page: Page, step: Step) -> dict[UUID, Concern]:
        """Register who is new or became somebody else; returns what concerns those whose make-up changed."""
        known = await self._registry.find(found.customers)
        doubtful = {one for one, seen in found.customers.items() if seen.joined or one not in known}
        if not doubtful and found.everybody is None:
            return {}
        await wait_until(self._connection, _GRAPH, page.upto, _PATIENCE_SECONDS)
        if found.identifiers:
            doubtful.update(await self._registry.parted(found.identifiers))
        if found.everybody:
            doubtful.update(await self._registry.moved())
        groups, before = await self._registry.resolve(doubtful)
        self._touch(one for group in groups for one in (group.profile_id, *group.members, *group.formers))
        held = {group.profile_id: self._held(group, before) for group in groups}
        concerns = {}
        for group in groups:
            step.writing.people += self._registry.register(group, before)
            if group.members:
                at = since(group, found) or found.latest or step.now
                new = Concern(reasons={at: SAID}, is_new=True) if group.is_new else None
                concerns[group.profile_id] = new or Concern(joined=at, held=held[group.profile_id])
        gone = {former for group in groups for former in group.formers} - concerns.keys()
        self._part(groups, gone, before, step)
        return concerns

    def _held(self, group: Group, known: Mapping[UUID, Known]) -> frozenset[str]:
        return frozenset(key for former in group.formers for key in self.membership.of(known[former].number))

    def _part(self, groups: Sequence[Group], gone: Collection[UUID], known: Mapping[UUID, Known], step: Step) -> None:
        """Forget the profiles that are nobody's any more."""
        self._subjects.drop({*gone, *(group.profile_id for group in groups)})
        for former in gone:
            number = known[former].number
            for key in self.membership.of(number):
                self.membership.put(key, number, is_in=False)
            step.writing.dues[former] = None

    async def _judge(self, found: Tidings, concerns: dict[UUID, Concern], page: Page, watch: Watch, step: Step) -> None:
        known = await self._registry.find(found.customers)
        seen: dict[UUID, list[Seen]] = {}
        for customer_id, told in found.customers.items():
            if customer_id in known and (told.rows or told.words or known[customer_id].profile_id in concerns):
                seen.setdefault(known[customer_id].profile_id, []).append(told)
        profiles = iter(seen.keys() | concerns.keys())
        while some := list(islice(profiles, _AT_ONCE)):
            await self._judge_some({one: seen.get(one, []) for one in some}, concerns, page, watch, step)

    async def _judge_some(
        self,
        seen: Mapping[UUID, Sequence[Seen]],
        concerns: Mapping[UUID, Concern],
        page: Page,
        watch: Watch,
        step: Step,
    ) -> None:
        known: dict[UUID, Subject] = {}
        for profile_id, told in seen.items():
            subject = self._subjects.get(profile_id)
            is_stale = any(one.words or reload_needed(one.rows) for one in told)
            if subject is not None and not is_stale and profile_id not in concerns:
                if page.after >= subject.ahead_until:
                    subject.ahead = frozenset()
                known[profile_id] = subject
        missing = seen.keys() - known.keys()
        self._subjects.drop(missing)
        news = {row.fact_id for one in missing for told in seen[one] for row in told.rows}
        current = [row for one in known for told in seen[one] for row in told.rows]
        occurring = await self._subjects.lore.occurring(current) if current else {}
        loaded = await self._load(missing, news, watch, step)
        for profile_id, subject in {**known, **loaded}.items():
            concern = concerns.get(profile_id) or Concern()

            def judging(subject: Subject = subject, concern: Concern = concern) -> None:
                told = seen[subject.profile_id]
                gather(subject, concern, told, None if subject.profile_id in loaded else occurring, watch)
                step.take(subject, concern)

            self.judge(step, subject, judging)
