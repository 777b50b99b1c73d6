"""One step of the worker: whose memberships are judged, what is told of them, what is stored."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from commands.segments.tell_membership import Change
from workers.segmenting.judging import Judged, Stood, changed, judged
from workers.segmenting.keeping import Standing, Writing
from workers.segmenting.membership import Membership
from workers.segmenting.subject import Settled, Subject
from workers.segmenting.sweeping import Turn
from workers.segmenting.watching import Watch, Watched

# Why a membership changed, where it was no fact of the person: what the fact of it says as `reason`.
TIME_PASSED: Final = "time_passed"
SAID: Final = "profile_changed"
JOINED: Final = "profiles_joined_or_parted"
JUDGED_ANEW: Final = "judged_anew"


class Concern(msgspec.Struct, kw_only=True):
    """What concerns one person: the instants of news by segment, and the facts that they are, by instant.

    `joined` says when she became another than she was; `held` then holds the segments anybody of her was in. Of who
    `is_new` nothing was known before.
    """

    news: dict[str, list[datetime]] = {}
    reasons: dict[datetime, str] = {}
    joined: datetime | None = None
    held: frozenset[str] | None = None
    is_new: bool = False

    def add(self, keys: Iterable[str], at: datetime, reason: str) -> None:
        """Let something at an instant concern segments."""
        if self.reasons.get(at, SAID) == SAID:  # what she did says more than that something was said
            self.reasons[at] = reason
        for key in keys:
            self.news.setdefault(key, []).append(at)


class Step:
    """Collects what is to be told and stored, until it is written at once."""

    def __init__(self, watch: Watch, membership: Membership, standings: Mapping[str, Standing], now: datetime) -> None:
        """Begin with nothing to write."""
        self._watch = watch
        self._membership = membership
        self._standings = standings
        self.now = now
        self.changes: list[Change] = []
        self.writing = Writing()

    def take(self, subject: Subject, concern: Concern) -> None:
        """Judge a person for whom there are news."""
        if concern.joined:
            self._take_changed(subject, concern, min(concern.joined, self.now))
            return
        soonest: datetime | None = None
        for key, news in concern.news.items():
            standing = self._standings.get(key)
            if standing is None or not standing.watches(subject.profile_id):
                continue
            if len(news) > 1:
                news.sort()
            watched = self._watch.watched[key]
            found = judged(watched, subject, self._stood(subject, standing, concern.held), news, self.now)
            self._settle(subject, watched, found, min(news[-1], self.now), concern)
            if found.due is not None and (soonest is None or found.due < soonest):
                soonest = found.due
        subject.forget_moments()
        if soonest is not None and (subject.stored is None or soonest < subject.stored):
            self.writing.dues[subject.profile_id] = subject.stored = soonest

    def _take_changed(self, subject: Subject, concern: Concern, at: datetime) -> None:
        concern.reasons[at] = JOINED
        for watched, standing in self._watching(subject):
            news = sorted(concern.news.get(standing.key, ()))
            stood = self._stood(subject, standing, concern.held)
            found = changed(watched, subject, stood, at, news, self.now)
            last = max(one for one in (*news, at) if one <= self.now)
            self._settle(subject, watched, found, last, concern)
        self._note(subject)

    def fall_due(self, subject: Subject) -> None:
        """Judge the memberships that may change by time alone by now."""
        for watched, standing in self._watching(subject):
            due = subject.settled(standing.key).due
            if due is not None and due <= self.now:
                found = judged(watched, subject, self._stood(subject, standing, None), (), self.now)
                self._settle(subject, watched, found, due, Concern())
        self._note(subject)

    def retake(self, subject: Subject, news: Sequence[datetime]) -> None:
        """Judge a person whose news, in order, were put aside: from where she was judged last to now."""
        for watched, standing in self._watching(subject):
            stood = self._stood(subject, standing, None)
            found = changed(watched, subject, stood, stood.base, news, self.now)
            last = max(one for one in (*news, stood.base) if one <= max(self.now, stood.base))
            self._settle(subject, watched, found, last, Concern())
        self._note(subject)

    def first(self, subject: Subject, keys: Collection[str]) -> None:
        """Put a person where she belongs, and tell nothing of it."""
        for key in keys:
            watched, moment = self._watch.watched[key], subject.at(self.now)
            self._membership.put(key, subject.number, is_in=watched.part.holds(moment))
            subject.settle(key, Settled(self.now, watched.part.change(moment)))
        self._note(subject, keys)

    def again(self, subject: Subject, standings: Iterable[Standing]) -> None:
        """Judge a person anew by what is known of everybody since the instant that the standing names."""
        for standing in standings:
            at = standing.telling_at or self.now
            watched = self._watch.watched[standing.key]
            found = changed(watched, subject, self._stood(subject, standing, None), at, (), self.now)
            self._settle(subject, watched, found, at, Concern(reasons={at: JUDGED_ANEW}))
        self._note(subject)

    def _watching(self, subject: Subject) -> Iterator[tuple[Watched, Standing]]:
        for key, watched in self._watch.watched.items():
            standing = self._standings.get(key)
            if standing is not None and standing.watches(subject.profile_id):
                yield watched, standing

    def _stood(self, subject: Subject, standing: Standing, held: Collection[str] | None) -> Stood:
        key = standing.key
        settled = subject.settled(key)
        was_in = self._membership.has(key, subject.number) if held is None else key in held
        # Of one who became another it is not known until when her membership would have stayed.
        due = settled.due if held is None else None
        return Stood(was_in, due, max(settled.at, standing.began_at), subject.told(key))

    def _settle(self, subject: Subject, watched: Watched, found: Judged, last: datetime, concern: Concern) -> None:
        definition = watched.definition
        for turn in found.turns:
            change = Change(
                profile_id=subject.customer_id,
                segment=definition.key,
                version=definition.version,
                is_in=turn.holds,
                occurred_at=turn.at,
                reason=self._reason(subject, turn, concern),
            )
            self.changes.append(change)
            subject.tell(definition.key, turn.at)
            last = max(last, turn.at)
        self._membership.put(definition.key, subject.number, is_in=found.holds)
        subject.settle(definition.key, Settled(max(last, subject.settled(definition.key).at), found.due))

    def _reason(self, subject: Subject, turn: Turn, concern: Concern) -> str:
        return concern.reasons.get(turn.at) or subject.did_at(turn.at) or TIME_PASSED

    def _note(self, subject: Subject, walked_for: Collection[str] = ()) -> None:
        """Note when she has to be looked at again, also for what the walk has just come to her for."""
        subject.forget_moments()
        earliest = subject.earliest([*(one.key for _, one in self._watching(subject)), *walked_for])
        # What is stored too early does no harm: she is looked at once more for nothing, and then it is stored anew.
        is_early = subject.stored is not None and earliest is not None and self.now < subject.stored <= earliest
        if earliest != subject.stored and not is_early:
            self.writing.dues[subject.profile_id] = subject.stored = earliest
