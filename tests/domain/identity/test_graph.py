"""Parting two customers: no more is withdrawn than it takes, and nothing is left of a wrong merge."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity.graph import (
    Edge,
    Known,
    NotJoinedError,
    StillJoinedError,
    direct_edges_between,
    unmerge_plan,
)
from domain.identity.identifier import IdentifierType
from domain.identity.resolving import Hold, Placed, placed
from domain.identity.rule_book import UNTIL_ADOPTED as GUARDS
from tests.domain.identity.graphs import GRAPHS, Graph, of_kind

MEMBER, OTHER, CLAIMANT = (of_kind(IdentifierType.MEMBER_CODE, number) for number in (1, 2, 3))
PHONE, COOKIE = of_kind(IdentifierType.PHONE, 1), of_kind(IdentifierType.ANONYMOUS, 1)


def known(*edges: Edge, holds: dict[UUID, Hold] | None = None) -> Known:
    """Return the edges with the ranks of their ends."""
    ranks = {end: end.int >> 64 for edge in edges for end in (edge.a, edge.b)}
    return Known({MEMBER: 1, OTHER: 1} | ranks, edges, holds or {})


def plan(*edges: Edge, holds: dict[UUID, Hold] | None = None) -> tuple[Edge, ...]:
    """Return what parts OTHER from MEMBER."""
    return unmerge_plan(MEMBER, OTHER, known(*edges, holds=holds), GUARDS)


def found(ranks: dict[UUID, int], edges: list[Edge]) -> dict[UUID, Placed]:
    """Resolve the edges."""
    claims = [(edge.a, edge.b) for edge in edges if edge.kind == "claim"]
    return placed(ranks, claims, [(edge.a, edge.b) for edge in edges if edge.kind == "merge"], GUARDS)


def test_a_merge_alone_is_ended_and_the_tablet_they_share_stays_known() -> None:
    """Both still claim it, as before the merge: the guard keeps them apart."""
    merge = Edge(MEMBER, OTHER, "merge")
    claims = (Edge(MEMBER, COOKIE, "claim"), Edge(OTHER, COOKIE, "claim"))

    assert plan(merge, *claims) == (merge,)


def test_who_parts_gives_up_the_phone_that_both_claim() -> None:
    """The other keeps it: a shared claim is withdrawn on the side that leaves."""
    edges = (Edge(MEMBER, PHONE, "claim"), Edge(OTHER, PHONE, "claim"), Edge(OTHER, COOKIE, "claim"))

    assert plan(*edges) == (Edge(OTHER, PHONE, "claim"),)


def test_a_phone_that_joins_nobody_need_not_be_given_up() -> None:
    """It is shared with many others, whom this part of the graph does not show."""
    merge = Edge(OTHER, MEMBER, "merge")

    given_up = plan(merge, Edge(MEMBER, PHONE, "claim"), Edge(OTHER, PHONE, "claim"), holds={PHONE: Hold.SHARED})

    assert given_up == (merge,)


def test_a_third_customer_who_keeps_them_together_is_named() -> None:
    """Parting two of three who are one would change nothing, so the one in between must be settled first."""
    with pytest.raises(StillJoinedError) as refusal:
        plan(Edge(MEMBER, OTHER, "merge"), Edge(MEMBER, CLAIMANT, "merge"), Edge(CLAIMANT, OTHER, "claim"))
    assert refusal.value.through == CLAIMANT
    assert str(CLAIMANT) in refusal.value.detail


def test_the_one_named_is_a_customer_and_not_a_phone() -> None:
    """Between the two stand a phone and its claimant: people are parted from people."""
    with pytest.raises(StillJoinedError) as refusal:
        plan(Edge(OTHER, PHONE, "claim"), Edge(CLAIMANT, PHONE, "claim"), Edge(CLAIMANT, MEMBER, "merge"))
    assert refusal.value.through == CLAIMANT


def test_strangers_cannot_part() -> None:
    """Nothing joins them, so nothing can be withdrawn; nor can a customer part from itself."""
    edge = Edge(MEMBER, PHONE, "claim")
    with pytest.raises(NotJoinedError):
        plan(edge)
    with pytest.raises(NotJoinedError):
        plan(Edge(MEMBER, COOKIE, "claim"), Edge(OTHER, COOKIE, "claim"))
    with pytest.raises(NotJoinedError):
        unmerge_plan(MEMBER, MEMBER, known(edge), GUARDS)


def test_only_what_lies_between_the_two_is_direct() -> None:
    """In both directions, of both kinds, and no more."""
    between = (Edge(MEMBER, OTHER, "merge"), Edge(OTHER, MEMBER, "claim"))
    assert direct_edges_between(MEMBER, OTHER, [*between, Edge(MEMBER, PHONE, "claim")]) == between


@given(graph=GRAPHS, data=st.data())
def test_un_merging_gives_the_graph_back_exactly(graph: Graph, data: st.DataObject) -> None:
    """A wrong merge leaves no trace: everybody is where they were, held identifiers too."""
    ranks, claims, merges = graph
    one, other = data.draw(st.lists(st.sampled_from(list(ranks)), min_size=2, max_size=2, unique=True))
    edges = [Edge(*pair, "claim") for pair in claims]
    edges += [Edge(*pair, "merge") for pair in merges if set(pair) != {one, other}]
    before = found(ranks, edges)
    if before[one].profile_id == before[other].profile_id:
        return
    joined = [*edges, Edge(one, other, "merge")]

    ended = unmerge_plan(one, other, Known(ranks, tuple(data.draw(st.permutations(joined)))), GUARDS)

    assert ended == (Edge(one, other, "merge"),)
    assert found(ranks, [edge for edge in joined if edge not in ended]) == before


@given(graph=GRAPHS, data=st.data())
def test_a_plan_always_parts_or_says_through_whom_not(graph: Graph, data: st.DataObject) -> None:
    """There is no third outcome, and whoever is named is neither of the two."""
    ranks, claims, merges = graph
    one, other = data.draw(st.lists(st.sampled_from(list(ranks)), min_size=2, max_size=2, unique=True))
    edges = [Edge(*pair, "claim") for pair in claims] + [Edge(*pair, "merge") for pair in merges]
    ended: tuple[Edge, ...] = ()
    named = set[UUID]()
    try:
        ended = unmerge_plan(one, other, Known(ranks, tuple(edges)), GUARDS)
    except StillJoinedError as refusal:
        named = {refusal.through}
    except NotJoinedError:
        pass
    after = found(ranks, [edge for edge in edges if edge not in ended])
    assert bool(named) == (after[one].profile_id == after[other].profile_id)
    assert not named & {one, other}
