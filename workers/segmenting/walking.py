"""Walk through everybody, part by part, for segments that are new or whose rules see something new of all at once.

A new segment, or a new version, gets its members without a word: who is in it from the beginning has not entered. What
happens meanwhile to those who have been walked past is told; who is still to come is judged when the walk comes to her.
A walk goes on where it stood when a process ended.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from projections.engine.projection import Reading
from projections.engine.waiting import wait_until
from projections.identity_graph import queries as identity_graph
from projections.identity_graph.queries import Profile
from workers.segmenting.following import Following
from workers.segmenting.keeping import Standing
from workers.segmenting.registry import Group, Registry
from workers.segmenting.step import Step
from workers.segmenting.watching import Watch

_AT_ONCE: Final = 50
_PATIENCE_SECONDS: Final = 60.0
START: Final = UUID(int=0)


def begun(standings: dict[str, Standing], watch: Watch, now: datetime) -> list[Standing]:
    """Return the segments that have to be walked for from the start: new ones, and new versions."""
    found = []
    for key, watched in watch.watched.items():
        standing, definition = standings.get(key), watched.definition
        digest = definition.digest
        if standing is None or (standing.version, standing.digest) != (definition.version, digest):
            found.append(Standing(key=key, version=definition.version, digest=digest, began_at=now, walked=START))
    return found


def anew(standings: dict[str, Standing], keys: Iterable[str], at: datetime) -> list[Standing]:
    """Return segments to be walked for again because of what everybody is judged by since an instant.

    Where first members are still being found nothing is told: that begins anew.
    """
    known = [standings[key] for key in keys if key in standings]
    return [msgspec.structs.replace(one, walked=START, telling_at=None if one.is_first_walk else at) for one in known]


async def walk(
    following: Following, reading: Reading, registry: Registry, watch: Watch, *, without: Collection[str] = ()
) -> bool:
    """Judge the next people on the way, `without` segments that are filled; returns whether it has further to go."""
    wanted = watch.keys - set(without)
    going = {key: one for key, one in following.standings.items() if one.walked is not None and key in wanted}
    if not going:
        return False
    after = min(one.walked for one in going.values() if one.walked is not None)
    # Who is known by the position will be found; who comes later is told of by a page.
    await wait_until(reading, "identity_graph", following.position, _PATIENCE_SECONDS)
    profiles = await identity_graph.profiles(reading, after=after, limit=_AT_ONCE)
    step = following.step(watch)
    found = [one for one in profiles if await _register(one, registry, step)]
    if any(one.telling_at for one in going.values()):
        following.forget([one.profile_id for one in found])
    for subject in await following.people([one.profile_id for one in found], watch, step):
        here = [one for one in going.values() if one.walked is not None and one.walked < subject.profile_id]
        if silent := [one.key for one in here if one.telling_at is None]:
            following.judge(step, subject, partial(step.first, subject, silent))
        if telling := [one for one in here if one.telling_at is not None]:
            following.judge(step, subject, partial(step.again, subject, telling))
    last = profiles[-1].profile_id if len(profiles) == _AT_ONCE else None
    gone = [moved(one, last) for one in going.values()]
    following.standings.update({one.key: one for one in gone})
    step.writing.standings += gone
    await following.commit(step)
    return last is not None


def moved(standing: Standing, last: UUID | None) -> Standing:
    """Return the segment after everybody up to this profile was judged; None: there is nobody left."""
    if last is None:
        return msgspec.structs.replace(standing, walked=None, telling_at=None)
    if standing.walked is None or standing.walked >= last:
        return standing
    return msgspec.structs.replace(standing, walked=last)


async def _register(profile: Profile, registry: Registry, step: Step) -> bool:
    """Let the customers count for the profile; False if some count for another, of which a page is still to tell."""
    everyone = (profile.profile_id, *profile.members)
    known = await registry.find(everyone)
    if any(one.profile_id != profile.profile_id for one in known.values()):
        return False
    group = Group(profile_id=profile.profile_id, members=profile.members, formers=frozenset())
    step.writing.people += registry.register(group, known)
    return True
