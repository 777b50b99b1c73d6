"""Load histories: of one profile to judge it when asked, of some together for a preview or a sample."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.kernel.rules.history import History, Occurrence
from projections.customer_360.folding import Sealed
from projections.engine.projection import Reading
from projections.predictions.queries import words_of
from projections.profile_history.attributes import Opened, attributes, clearings, incremented, spoken
from projections.profile_history.decisions import Decision, decisions_of
from projections.profile_history.facts import INCREMENTED, FactRow, facts_of, increments
from projections.profile_history.inferences import holdings
from projections.profile_history.occurring import Happened, Reader
from projections.profile_history.words import consents, identifiers, tags
from projections.segment_lists.queries import list_words

# Gives the values in clear, without those that nobody can read any more.
Opening = Callable[[Collection[Sealed]], Awaitable[Opened]]

# Of the values that are sealed those that tags are made of; the others never leave their seal for a rule.
OPENED: Final = frozenset({"birthday", "birth_date", "birthdate", "child_birthday", "baby_birthday"})
_UNBOUND: Final = "SELECT customer_id, occurred_at FROM identity_graph.unbinding WHERE customer_id = ANY($1)"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What of a history is asked for: facts of these `names` (None: all).

    `opened` names the attributes that may be read though they are sealed.
    """

    names: Collection[str] | None = None
    opened: Collection[str] = OPENED


EVERYTHING: Final = Wanted()


async def histories(
    reading: Reading,
    members: Mapping[UUID, Collection[UUID]],
    facts: Reader,
    *,
    opening: Opening | None = None,
    wanted: Wanted = EVERYTHING,
) -> dict[UUID, History]:
    """Return the history of each profile, given the customers it is made of."""
    customers = sorted({customer for group in members.values() for customer in group})
    decisions = await decisions_of(reading, customers)
    rows = await _facts(reading, customers, wanted)
    events, items = await facts.read(reading, rows)
    unbound = await _unbound(reading, decisions)
    opened = await _opened(decisions, wanted.opened, opening)
    predicted = await words_of(reading, members)
    listed = await list_words(reading, members)
    found = {}
    for profile_id, group in members.items():
        decided = [one for member in sorted(group) for one in decisions.get(member, ())]
        counted = [one for member in group for one in increments(rows.get(member, ()))]
        words = spoken(decided, wanted.opened)
        for key, added in incremented(counted).items():
            words.setdefault(key, []).extend(added)
        values, rules = attributes(words, holdings(decided, wanted.opened), clearings(decided), opened)
        found[profile_id] = History(
            profile_id=str(profile_id),
            events=_ordered(events, group, wanted.names),
            items=_ordered(items, group, wanted.names),
            attributes=values,
            inferred=rules,
            tags=tags(decided),
            consents=consents(decided),
            identifiers=identifiers(decided, unbound),
            predictions=predicted.get(profile_id, {}),
            segments=listed.get(profile_id, {}),
            customers=frozenset(map(str, group)),
        )
    return found


async def _facts(reading: Reading, customers: Collection[UUID], wanted: Wanted) -> dict[UUID, list[FactRow]]:
    # Counters of a profile are attributes, whatever events are wanted.
    names = {*wanted.names, INCREMENTED} if wanted.names is not None else None
    grouped: dict[UUID, list[FactRow]] = {}
    for row in await facts_of(reading, customers, names=names):
        grouped.setdefault(row.customer_id, []).append(row)
    return grouped


async def _unbound(reading: Reading, decisions: Mapping[UUID, Iterable[Decision]]) -> dict[UUID, datetime]:
    claimed = {claim.id for decided in decisions.values() for one in decided for claim in one.said.claims}
    return {row["customer_id"]: row["occurred_at"] for row in await reading.fetch(_UNBOUND, [*claimed, *decisions])}


async def _opened(
    decisions: Mapping[UUID, Iterable[Decision]], names: Collection[str], opening: Opening | None
) -> Opened:
    sealed = {
        Sealed(one.customer_id, value)
        for decided in decisions.values()
        for one in decided
        for key, value in one.said.personal.items()
        if (one.said.grounds[key].attribute if key in one.said.grounds else key) in names
    }
    return await opening(sealed) if sealed and opening is not None else {}


def _ordered(happened: Happened, group: Iterable[UUID], names: Collection[str] | None) -> list[Occurrence]:
    found = [one for member in group for one in happened.get(member, ()) if names is None or one.name in names]
    return sorted(found, key=lambda one: (one.occurred_at, one.fact_id))
