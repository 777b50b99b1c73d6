"""The identity graph's edges, and how two customers that they join are parted again.

A claim joins the claiming customer to the one that the claimed identifier names, as far as the rules let it
(`resolving.py`); a merge joins two customers by decision.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.identity.resolving import Hold, Placed, placed
from domain.identity.rules import Guards
from domain.kernel.errors import DomainError


class NotJoinedError(DomainError):
    """Two customers that are not joined cannot part."""

    code = "identity.not_joined"


class StillJoinedError(DomainError):
    """Two customers would stay joined through a third: one of them has to part from `through` first."""

    code = "identity.still_joined"

    def __init__(self, through: UUID) -> None:
        super().__init__(
            f"they would stay joined through customer {through}: part one of the two from that customer first",
            field="other_id",
        )
        self.through = through


class Edge(msgspec.Struct, frozen=True):
    """What joins two customers: `a` claims an identifier that names `b`, or `a` was merged with `b`."""

    a: UUID
    b: UUID
    kind: Literal["claim", "merge"]


class Known(msgspec.Struct, frozen=True):
    """What is known about some customers: the rank of each end of an edge, the edges, and identifiers held."""

    ranks: Mapping[UUID, int]
    edges: tuple[Edge, ...]
    holds: Mapping[UUID, Hold] = {}


def is_void(a: UUID, b: UUID, claimed_at: datetime, unbound: Mapping[UUID, datetime]) -> bool:
    """Tell whether a claim of `a` on the identifier that names `b` joins nobody: one of them was cut since.

    `unbound` says when identifiers were cut from everybody they had been joined with; a customer's own name stays.
    """
    return a != b and any(one in unbound and claimed_at <= unbound[one] for one in (a, b))


def direct_edges_between(a: UUID, b: UUID, edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return the claims and merges that join exactly these two, in either direction."""
    return tuple(edge for edge in edges if {edge.a, edge.b} == {a, b})


def unmerge_plan(stays: UUID, parts: UUID, known: Known, guards: Guards) -> tuple[Edge, ...]:
    """Return the edges to withdraw so that `parts` leaves `stays`: no more than it takes.

    First the merges between the two, then the claims between them, then the claims of `parts` on what both claim, of
    reliable kinds before weak ones. Raises `NotJoinedError` if nothing joins them, `StillJoinedError` if a third
    customer would keep them together.
    """
    if stays == parts:
        raise NotJoinedError("a customer cannot part from itself", field="other_id")
    edges = known.edges
    if not _joined(stays, parts, known, edges, guards):
        raise NotJoinedError("nothing joins these two customers", field="other_id")
    withdrawn: set[Edge] = set()
    remaining = edges
    for step in _steps(stays, parts, known, guards):
        withdrawn |= step
        remaining = tuple(edge for edge in edges if edge not in withdrawn)
        if step and not _joined(stays, parts, known, remaining, guards):
            return tuple(edge for edge in edges if edge in withdrawn)
    raise StillJoinedError(_between(stays, parts, known, remaining, guards))


def _steps(stays: UUID, parts: UUID, known: Known, guards: Guards) -> tuple[set[Edge], ...]:
    direct = direct_edges_between(stays, parts, known.edges)
    kept = {edge.b for edge in known.edges if edge.a == stays and edge.kind == "claim"}
    shared = {edge for edge in known.edges if edge.a == parts and edge.kind == "claim" and edge.b in kept}
    reliable = {edge for edge in shared if known.ranks[edge.b] < guards.first_weak_rank}
    merges = {edge for edge in direct if edge.kind == "merge"}
    return (merges, set(direct), reliable, shared)


def _placed(known: Known, edges: Iterable[Edge], guards: Guards) -> dict[UUID, Placed]:
    # What is shared among customers not at hand stays so: parting these two makes no persons fewer.
    claims = [(edge.a, edge.b) for edge in edges if edge.kind == "claim"]
    merges = [(edge.a, edge.b) for edge in edges if edge.kind == "merge"]
    return placed(known.ranks, claims, merges, guards, known.holds)


def _joined(a: UUID, b: UUID, known: Known, edges: Iterable[Edge], guards: Guards) -> bool:
    found = _placed(known, edges, guards)
    return found[a].profile_id == found[b].profile_id


def _between(stays: UUID, parts: UUID, known: Known, edges: Collection[Edge], guards: Guards) -> UUID:
    found = _placed(known, edges, guards)
    # An identifier that is held joins nobody, but a merge of its customer does.
    live = [edge for edge in edges if edge.kind == "merge" or (not found[edge.a].hold and not found[edge.b].hold)]
    path = _path(parts, stays, live)
    acting = {edge.a for edge in live} | {edge.b for edge in live if edge.kind == "merge"}
    # An identifier that only others claim, such as a family's phone, is nobody to part from: name its claimant.
    return next((customer for customer in path if customer in acting), path[0])


def _path(start: UUID, goal: UUID, edges: Iterable[Edge]) -> list[UUID]:
    """Return the customers strictly between start and goal on a shortest path, [] if there is none."""
    neighbours: dict[UUID, set[UUID]] = {}
    for edge in edges:
        neighbours.setdefault(edge.a, set()).add(edge.b)
        neighbours.setdefault(edge.b, set()).add(edge.a)
    came_from: dict[UUID, UUID] = {start: start}
    waiting = deque([start])
    while waiting and goal not in came_from:
        here = waiting.popleft()
        for neighbour in sorted(neighbours.get(here, ())):
            if neighbour not in came_from:
                came_from[neighbour] = here
                waiting.append(neighbour)
    path: list[UUID] = []
    here = came_from.get(goal, start)
    while here != start:
        path.insert(0, here)
        here = came_from[here]
    return path
