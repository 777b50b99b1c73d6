"""A run: score all profiles against each other, propose what is new, take back what is no longer supported."""

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

import asyncpg
import msgspec

from commands.identity.matches import Candidate, propose_matches, withdraw_matches
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore
from domain.identity.match import Reason, match_stream
from projections.identity_graph.queries import profile_of
from projections.match_review import queries as match_review
from workers.linkage.engine import MEMORY, THREADS, engine
from workers.linkage.linking import Pair, link
from workers.linkage.model import Model
from workers.linkage.profiles import People, people

# Told what is being done, and how much of how much.
Told = Callable[[str, int, int], None]

_BY = Context(actor="linkage")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to: profiles compared, pairs over the threshold, and what changed in the queue."""

    profiles: int
    pairs: int
    proposed: int
    accepted: int
    withdrawn: int


def _untold(_: str, __: int, ___: int) -> None:
    pass


async def propose(
    store: EventStore, model: Model, *, told: Told = _untold, memory: str = MEMORY, threads: int = THREADS
) -> Run:
    """Carry out a run; a second one over the same profiles changes nothing."""
    found = await people(store.pool, store.keyring, lambda read: told("reading", read, 0))
    pairs = await asyncio.to_thread(_scored, found, model, told, memory, threads) if len(found.customers) > 1 else []
    rejected = await _decided(store.pool, ["rejected"])
    candidates = [_candidate(pair, found, model) for pair in pairs if _profiles(pair, found) not in rejected]
    told("proposing", 0, len(candidates))
    counts = await propose_matches(
        candidates, model=model.name, auto_accept=model.auto_accept, by=_BY, streams=store.streams
    )
    withdrawn = await _withdraw_others(store, {match_stream(*one.pair) for one in candidates})
    return Run(
        profiles=len(found.customers),
        pairs=len(pairs),
        proposed=counts.proposed,
        accepted=counts.accepted,
        withdrawn=withdrawn,
    )


def _scored(found: People, model: Model, told: Told, memory: str, threads: int) -> list[Pair]:
    with engine(memory=memory, threads=threads) as opened:
        scored = link([found.table], model, opened, lambda done, steps: told("linking", done, steps))
        return [pair for pair in scored if not _are_two(pair, found)]


def _are_two(pair: Pair, found: People) -> bool:
    """Tell whether the two have national IDs and not one in common: then no likeness makes them one."""
    left, right = found.national_ids.get(pair.left), found.national_ids.get(pair.right)
    return bool(left and right and not left & right)


def _candidate(pair: Pair, found: People, model: Model) -> Candidate:
    kinds = {column.name: column.kind for column in model.columns}
    reasons = tuple(Reason(one.column, kinds[one.column], one.level, one.weight) for one in pair.reasons)
    customers = (found.customers[pair.left], found.customers[pair.right])
    return Candidate(pair=customers, probability=pair.probability, weight=pair.weight, reasons=reasons)


def _profiles(pair: Pair, found: People) -> frozenset[UUID]:
    return frozenset((found.profiles[pair.left], found.profiles[pair.right]))


async def _decided(pool: asyncpg.Pool, states: Iterable[str]) -> set[frozenset[UUID]]:
    """Return the pairs in these states by the profiles they are today: a profile may bear another name by now."""
    known = await match_review.pairs(pool, list(states))
    today = await profile_of(pool, {end for pair in known for end in (pair.left_id, pair.right_id)})
    return {frozenset(today.get(end, end) for end in (pair.left_id, pair.right_id)) for pair in known}


async def _withdraw_others(store: EventStore, supported: set[UUID]) -> int:
    open_ones = [pair.match_id for pair in await match_review.pairs(store.pool, ["proposed"])]
    gone = [match_id for match_id in open_ones if match_id not in supported]
    return await withdraw_matches(gone, reason="no longer supported", by=_BY, streams=store.streams)
