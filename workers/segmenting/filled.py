"""Take over a part of the people as batch found it, and judge by themselves those of whom something is new."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from domain.kernel.event import EPOCH
from workers.segmenting.filling import Filled, silent
from workers.segmenting.following import Following
from workers.segmenting.keeping import Known
from workers.segmenting.registry import Group, Registry
from workers.segmenting.step import Step
from workers.segmenting.walking import moved
from workers.segmenting.watching import Watch

_AT_ONCE: Final = 200
_NOBODY: Final = -1

Numbers = npt.NDArray[np.int64]


async def take(
    filled: Filled, following: Following, registry: Registry, watch: Watch, touched: Collection[UUID]
) -> None:
    """Let the people of the part be in the segments they were found in; those `touched` are judged by themselves."""
    going = [one for key, one in silent(following.standings, watch).items() if key in filled.inside]
    going = [one for one in going if filled.until is None or (one.walked is not None and one.walked < filled.until)]
    step = following.step(watch)
    numbers = await _numbers(filled, registry, step)
    taken = numbers != _NOBODY
    among = _bitmap(numbers[taken])
    for standing in going:
        following.membership.replace(standing.key, among, _bitmap(numbers[taken & filled.inside[standing.key]]))
    for place in np.flatnonzero(taken).tolist():
        due = filled.due.get(filled.profiles[place])
        if due is not None:
            step.writing.early[UUID(filled.profiles[place])] = EPOCH + timedelta(microseconds=due)
    following.forget(map(UUID, filled.profiles))
    await _judge(await _profiles(filled, registry, touched), [one.key for one in going], following, watch, step)
    gone = [moved(one, filled.until) for one in going]
    following.standings.update({one.key: one for one in gone})
    step.writing.standings += gone
    await following.commit(step)


async def _numbers(filled: Filled, registry: Registry, step: Step) -> Numbers:
    """Return the number of each person, registering who is not known yet; nobody's of whom a page is still to tell."""
    everyone = [(UUID(one), *map(UUID, group)) for one, group in zip(filled.profiles, filled.customers, strict=True)]
    known = await registry.find({customer for group in everyone for customer in group})
    found = np.full(len(everyone), _NOBODY, np.int64)
    for place, (profile_id, *members) in enumerate(everyone):
        seen = [known.get(one) for one in (profile_id, *members)]
        if any(one is not None and one.profile_id != profile_id for one in seen):
            continue
        if None in seen:
            step.writing.people += _register(profile_id, members, known, registry)
        found[place] = registry.number(profile_id)
    return found


def _register(
    profile_id: UUID, members: Sequence[UUID], known: Mapping[UUID, Known], registry: Registry
) -> Sequence[Known]:
    group = Group(profile_id=profile_id, members=tuple(members), formers=frozenset())
    return registry.register(group, known)


async def _profiles(filled: Filled, registry: Registry, touched: Collection[UUID]) -> list[UUID]:
    """Return the people of the part to whom something happened since it was asked for."""
    profiles = {one.profile_id for one in (await registry.find(touched)).values()}
    return sorted(one for one in profiles if one > filled.after and (filled.until is None or one <= filled.until))


async def _judge(profiles: Sequence[UUID], keys: list[str], following: Following, watch: Watch, step: Step) -> None:
    waiting = iter(profiles)
    while some := list(islice(waiting, _AT_ONCE)):
        for subject in await following.people(some, watch, step):
            following.judge(step, subject, partial(step.first, subject, keys))


def _bitmap(numbers: Numbers) -> BitMap:
    return BitMap(memoryview(np.sort(numbers).astype(np.uint32).data))
