"""Why somebody is in or is not: what a rule asks of her, each with its answer and the facts and words it came from."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from domain.kernel.rules.explaining import Explainer
from domain.kernel.rules.history import History
from domain.kernel.rules.reasons import Reason, Why
from domain.kernel.rules.resolving import Definitions
from domain.kernel.rules.tree import All, AnyOf, Constant, InSegment, Not, Rule
from projections.identity_graph.queries import members_of
from projections.segment_members.everybody import Everybody

# What only joins others, and what is written down, needs no evidence.
_BARE = (All, AnyOf, Not, Constant)


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a person is in as of an instant, and why."""

    profile_id: str
    at: datetime
    is_in: bool
    why: list[Why]


async def explained(
    everybody: Everybody, rule: Rule, definitions: Definitions, at: datetime, people: Iterable[UUID]
) -> list[Explained]:
    """Return why each of these people (by any customer of theirs) is in, or is not; strangers are left out."""
    groups: Mapping[UUID, tuple[UUID, tuple[UUID, ...]]] = await members_of(everybody.pool, list(people))
    members = {profile_id: group for profile_id, group in groups.values() if group}
    histories = await everybody.histories(members)
    explainer = Explainer(rule, definitions)
    return [_explained(explainer, history, at, everybody) for history in histories.values()]


def _explained(explainer: Explainer, history: History, at: datetime, everybody: Everybody) -> Explained:
    reason = explainer.explain(history, at, everybody.world)
    return Explained(profile_id=history.profile_id, at=at, is_in=bool(reason.holds), why=list(_told(reason)))


def _told(reason: Reason) -> Iterator[Why]:
    """Tell what is asked, from the whole to its parts; a segment by what it is made of."""
    is_opened = isinstance(reason.node, InSegment) and reason.parts
    if not isinstance(reason.node, _BARE) and not is_opened:
        yield Why.of(reason)
    for part in reason.parts:
        yield from _told(part)
