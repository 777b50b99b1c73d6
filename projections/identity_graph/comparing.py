"""What other rules would do to the whole history, worked out aside: the graph itself stays as it is."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import cast
from uuid import UUID

import asyncpg
import msgspec

from domain.identity.identifier import IdentifierType
from domain.identity.resolving import Resolution
from domain.identity.rules import Guards
from projections.engine.schema import search_path
from projections.identity_graph.edges import rules_in_force
from projections.identity_graph.whole import named, number, resolved

Told = Callable[[str], None]

_SAMPLES = 10
_LARGEST = 5
_TYPES = {kind.rank: str(kind) for kind in IdentifierType}


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The graph under one set of rules; `largest` profiles by their number of customers."""

    profiles: int
    joined: int
    held: dict[str, int]
    largest: tuple[int, ...]


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A profile that would change: split into or merged from these, and the identifiers whose treatment differs.

    `reasons` say of which kind an identifier is and what holds it before and after; its value is not shown.
    """

    change: str
    before: tuple[UUID, ...]
    after: tuple[UUID, ...]
    reasons: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The rules in force beside others: how many profiles would be merged or split, and how many customers move.

    A customer moves if it would be together with others than now.
    """

    customers: int
    now: State
    then: State
    merged: int
    split: int
    moved: int
    samples: tuple[Sample, ...]


async def compare(pool: asyncpg.Pool, guards: Guards, told: Told = lambda _: None) -> Comparison:
    """Compare the rules in force with others; reads the graph as it stands, and writes nothing that stays."""
    async with pool.acquire() as acquired, acquired.transaction(isolation="repeatable_read"):
        connection = cast("asyncpg.Connection", acquired)  # the pool's proxy of one
        await connection.execute(f"SET LOCAL search_path = {search_path('identity_graph')}")
        await connection.execute("SET LOCAL work_mem = '128MB'")
        graph = await number(connection, told)
        now = await resolved(connection, graph, await rules_in_force(connection), told)
        then = await resolved(connection, graph, guards, told)
        told("comparing")
        return await _compared(connection, graph.ranks, now, then)


async def _compared(
    connection: asyncpg.Connection, ranks: Sequence[int], now: Resolution, then: Resolution
) -> Comparison:
    splits, merges = _crossing(now.roots, then.roots), _crossing(then.roots, now.roots)
    changed = {root for root, others in splits.items() if len(others) > 1}
    gained = {root for root, others in merges.items() if len(others) > 1}
    moved = sum(1 for a, b in zip(now.roots, then.roots, strict=True) if a in changed or b in gained)
    return Comparison(
        customers=len(ranks),
        now=_state(now),
        then=_state(then),
        merged=len(gained),
        split=len(changed),
        moved=moved,
        samples=await _samples(connection, ranks, now, then, (splits, changed), (merges, gained)),
    )


def _crossing(roots: Sequence[int], others: Sequence[int]) -> dict[int, set[int]]:
    """Return for each profile of one state the profiles of the other that its customers are in."""
    found: dict[int, set[int]] = defaultdict(set)
    for root, other in zip(roots, others, strict=True):
        found[root].add(other)
    return found


def _state(found: Resolution) -> State:
    sizes = Counter(found.roots)
    return State(
        profiles=len(sizes),
        joined=sum(1 for size in sizes.values() if size > 1),
        held=dict(Counter(str(hold) for hold in found.holds.values())),
        largest=tuple(size for _, size in sizes.most_common(_LARGEST)),
    )


async def _samples(
    connection: asyncpg.Connection,
    ranks: Sequence[int],
    now: Resolution,
    then: Resolution,
    split: tuple[dict[int, set[int]], set[int]],
    merged: tuple[dict[int, set[int]], set[int]],
) -> tuple[Sample, ...]:
    chosen = [("split", root, split[0][root]) for root in _some(split[1])]
    chosen += [("merged", root, merged[0][root]) for root in _some(merged[1])]
    members = _members([(root, now if kind == "split" else then) for kind, root, _ in chosen])
    ids = await named(connection, [number for _, root, others in chosen for number in (root, *others)])
    return tuple(
        Sample(
            change=kind,
            before=(ids[root],) if kind == "split" else tuple(ids[one] for one in sorted(others)),
            after=tuple(ids[one] for one in sorted(others)) if kind == "split" else (ids[root],),
            reasons=_reasons(members[root, id(now if kind == "split" else then)], ranks, now, then),
        )
        for kind, root, others in chosen
    )


def _some(roots: set[int]) -> list[int]:
    ordered = sorted(roots)
    return ordered if len(ordered) <= _SAMPLES else random.Random(_SAMPLES).sample(ordered, _SAMPLES)  # noqa: S311 - any few will do, the same each time


def _members(wanted: Sequence[tuple[int, Resolution]]) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {(root, id(state)): [] for root, state in wanted}
    for state in {id(state): state for _, state in wanted}.values():
        for number_, root in enumerate(state.roots):
            if (root, id(state)) in found:
                found[root, id(state)].append(number_)
    return found


def _reasons(members: Sequence[int], ranks: Sequence[int], now: Resolution, then: Resolution) -> tuple[str, ...]:
    said = Counter(
        f"{_TYPES.get(ranks[one], 'unknown')}: {now.holds.get(one, 'joins')} -> {then.holds.get(one, 'joins')}"
        for one in members
        if now.holds.get(one) != then.holds.get(one)
    )
    if not said:
        said = Counter({"a value that these customers share is treated otherwise": 1})
    return tuple(f"{count} x {words}" for words, count in said.most_common())
