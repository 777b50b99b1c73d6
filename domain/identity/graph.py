"""The identity graph: which customers are one person. Pure functions of a set of facts, whatever their order.

Customers are nodes, ranked by the identifier that names them; a claim joins the claiming customer to the one that the
claimed identifier names, a merge joins two customers by decision. A connected set is a profile, and its id is the id of
its strongest member (then the smallest id): no order of arrival can change it.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

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


class Node(msgspec.Struct, frozen=True):
    """A customer and the rank of the identifier that names it, 1 the strongest."""

    customer_id: UUID
    rank: int


class Edge(msgspec.Struct, frozen=True):
    """What joins two customers: `a` claims an identifier that names `b`, or `a` was merged with `b`."""

    a: UUID
    b: UUID
    kind: Literal["claim", "merge"]


class _Sets:
    """Disjoint sets (union-find, path halving) whose root is always the strongest member."""

    def __init__(self, parents: dict[UUID, UUID], ranks: Mapping[UUID, int]) -> None:
        self._parents = parents
        self._ranks = ranks

    def root(self, customer_id: UUID) -> UUID:
        parents = self._parents
        while (parent := parents[customer_id]) != customer_id:
            parents[customer_id] = customer_id = parents[parent]
        return customer_id

    def unite(self, a: UUID, b: UUID) -> None:
        one, other = self.root(a), self.root(b)
        if one != other:
            if (self._ranks[other], other) < (self._ranks[one], one):
                one, other = other, one
            self._parents[other] = one


def resolve(nodes: Mapping[UUID, int], edges: Iterable[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
    """Return the profile of every customer, from all nodes (id to rank) and all edges.

    Every end of an edge must be a node: a claim names its identifier's type, so the rank is known.
    """
    sets = _Sets({customer_id: customer_id for customer_id in nodes}, nodes)
    for a, b in edges:
        sets.unite(a, b)
    return {customer_id: sets.root(customer_id) for customer_id in nodes}


def join(
    profiles: Mapping[UUID, UUID], ranks: Mapping[UUID, int], edges: Iterable[tuple[UUID, UUID]]
) -> dict[UUID, UUID]:
    """Return the assignments that new customers and new edges change; together with the old ones they equal `resolve`.

    `profiles` holds the assignments so far of the customers loaded: all members of each profile that an edge touches.
    `ranks` holds the rank of every customer at hand: of the new ones, which begin as their own profile, and of the
    profiles' own ids.
    """
    before = {profile: profile for profile in profiles.values()} | dict(profiles)
    sets = _Sets({customer_id: customer_id for customer_id in ranks} | before, ranks)
    for a, b in edges:
        sets.unite(a, b)
    after = {customer_id: sets.root(customer_id) for customer_id in (*ranks, *before)}
    return {customer_id: profile for customer_id, profile in after.items() if before.get(customer_id) != profile}


def is_void(a: UUID, b: UUID, claimed_at: datetime, unbound: Mapping[UUID, datetime]) -> bool:
    """Tell whether a claim of `a` on the identifier that names `b` joins nobody: one of them was cut since.

    `unbound` says when identifiers were cut from everybody they had been joined with; a customer's own name stays.
    """
    return a != b and any(one in unbound and claimed_at <= unbound[one] for one in (a, b))


def direct_edges_between(a: UUID, b: UUID, edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return the claims and merges that join exactly these two, in either direction."""
    return tuple(edge for edge in edges if {edge.a, edge.b} == {a, b})


def unmerge_plan(stays: UUID, parts: UUID, edges: Collection[Edge]) -> tuple[Edge, ...]:
    """Return the edges to withdraw so that `parts` leaves `stays`; `edges` are all those of their profile.

    These are the merges and claims between the two and, where both claim the same identifier, the claim of `parts`.
    Raises `NotJoinedError` if nothing joins them, `StillJoinedError` if a third customer would keep them together.
    """
    if stays == parts:
        raise NotJoinedError("a customer cannot part from itself", field="other_id")
    kept_by_other = {edge.b for edge in edges if edge.a == stays and edge.kind == "claim"}
    shared = {edge for edge in edges if edge.a == parts and edge.kind == "claim" and edge.b in kept_by_other}
    withdrawn = shared.union(direct_edges_between(stays, parts, edges))
    remaining = [edge for edge in edges if edge not in withdrawn]
    path = _path(parts, stays, remaining)
    if path:
        acting = {edge.a for edge in remaining} | {edge.b for edge in remaining if edge.kind == "merge"}
        # An identifier that only others claim, such as a family's phone, is nobody to part from: name its claimant.
        raise StillJoinedError(next((customer for customer in path if customer in acting), path[0]))
    if not withdrawn:
        raise NotJoinedError("nothing joins these two customers", field="other_id")
    return tuple(edge for edge in edges if edge in withdrawn)


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
