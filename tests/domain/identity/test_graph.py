"""The identity graph: the same facts give the same profiles, whenever and however they come."""

import itertools
from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity.graph import (
    Edge,
    NotJoinedError,
    StillJoinedError,
    direct_edges_between,
    join,
    resolve,
    unmerge_plan,
)


def customer(number: int) -> UUID:
    """Return a customer id that is easy to read."""
    return UUID(int=number)


MEMBER, COOKIE, PHONE, OTHER = (customer(number) for number in (4, 1, 2, 3))
RANKS = {MEMBER: 1, COOKIE: 8, PHONE: 3, OTHER: 1}

numbers = st.integers(min_value=0, max_value=11)
edge_lists = st.lists(st.builds(lambda a, b: (customer(a), customer(b)), numbers, numbers), max_size=20)
rank_maps = st.lists(st.integers(1, 8), min_size=12, max_size=12).map(
    lambda ranks: {customer(number): rank for number, rank in enumerate(ranks)}
)


def walked(nodes: Iterable[UUID], edges: Iterable[tuple[UUID, UUID]], start: UUID) -> set[UUID]:
    """Return everybody reachable from a customer, the slow and obvious way."""
    known, edges = {start}, list(edges)
    for _ in list(nodes):
        known |= {a for a, b in edges if b in known} | {b for a, b in edges if a in known}
    return known


def test_a_visitor_who_logs_in_becomes_the_member() -> None:
    """The profile carries the strongest name, though the cookie was known first and its id is smaller."""
    assert set(resolve(RANKS, [(MEMBER, COOKIE)]).values()) == {MEMBER, PHONE, OTHER}
    assert resolve(RANKS, [(COOKIE, MEMBER)])[COOKIE] == MEMBER


def test_between_two_equally_strong_names_the_smaller_id_decides() -> None:
    """Any rule would do as long as it does not depend on who came first."""
    assert resolve(RANKS, [(MEMBER, PHONE), (OTHER, PHONE)])[PHONE] == OTHER


def test_a_shared_phone_joins_everyone_who_claims_it() -> None:
    """Two members who give the same number are one profile until somebody parts them."""
    profiles = resolve(RANKS, [(MEMBER, PHONE), (OTHER, PHONE)])
    assert profiles == {MEMBER: OTHER, OTHER: OTHER, PHONE: OTHER, COOKIE: COOKIE}


@given(ranks=rank_maps, edges=edge_lists)
def test_a_profile_is_exactly_who_can_be_reached(ranks: dict[UUID, int], edges: list[tuple[UUID, UUID]]) -> None:
    """Checked against the slow and obvious way."""
    profiles = resolve(ranks, edges)
    for one in ranks:
        members = walked(ranks, edges, one)
        assert profiles[one] == min(members, key=lambda member: (ranks[member], member))
        assert {other for other in ranks if profiles[other] == profiles[one]} == members


@given(ranks=rank_maps, edges=edge_lists, data=st.data())
def test_any_order_of_the_same_facts_gives_the_same_graph(
    ranks: dict[UUID, int], edges: list[tuple[UUID, UUID]], data: st.DataObject
) -> None:
    """A file that arrives a week late, or backwards, changes nothing."""
    shuffled = data.draw(st.permutations(edges))
    turned = [data.draw(st.sampled_from([(a, b), (b, a)])) for a, b in shuffled]
    nodes = dict(data.draw(st.permutations(list(ranks.items()))))
    assert resolve(nodes, turned) == resolve(ranks, edges)


@given(ranks=rank_maps, edges=edge_lists, data=st.data())
def test_joining_batch_by_batch_equals_joining_at_once(
    ranks: dict[UUID, int], edges: list[tuple[UUID, UUID]], data: st.DataObject
) -> None:
    """However the log is cut into pages, with customers appearing as they go."""
    edges = data.draw(st.permutations(edges))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(edges)), max_size=4)))
    profiles: dict[UUID, UUID] = {}
    for start, end in itertools.pairwise([0, *cuts, len(edges)]):
        profiles |= one_page(profiles, ranks, edges[start:end])
    profiles |= one_page(profiles, ranks, [(one, one) for one in ranks])
    assert profiles == resolve(ranks, edges)


def one_page(profiles: dict[UUID, UUID], ranks: dict[UUID, int], edges: list[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
    """Join as the projector does: load the members of the profiles that the page touches, and nobody else."""
    touched = {end for edge in edges for end in edge}
    loaded = {profiles[end] for end in touched if end in profiles}
    members = {one: profile for one, profile in profiles.items() if profile in loaded}
    at_hand = {one: ranks[one] for one in touched | loaded}
    changed = join(members, at_hand, edges)
    assert all(profiles.get(one) != profile for one, profile in changed.items())
    return changed


def test_nothing_new_changes_nothing() -> None:
    """A page that says what is known writes no row."""
    profiles = resolve(RANKS, [(MEMBER, PHONE)])
    assert join(profiles, RANKS, [(PHONE, MEMBER), (MEMBER, MEMBER)]) == {}


@given(ranks=rank_maps, left=edge_lists, right=edge_lists, data=st.data())
def test_parting_after_a_merge_restores_both_exactly(
    ranks: dict[UUID, int], left: list[tuple[UUID, UUID]], right: list[tuple[UUID, UUID]], data: st.DataObject
) -> None:
    """A wrong merge leaves no trace in the graph: both profiles come back as if they had never been joined."""
    before = [Edge(customer(a.int % 6), customer(b.int % 6), "claim") for a, b in left]
    before += [Edge(customer(6 + a.int % 6), customer(6 + b.int % 6), "merge") for a, b in right]
    before = [edge for edge in before if edge.a != edge.b]
    one, other = customer(data.draw(st.integers(0, 5))), customer(data.draw(st.integers(6, 11)))
    wrong = data.draw(
        st.lists(st.sampled_from([Edge(one, other, "merge"), Edge(other, one, "claim")]), min_size=1, unique=True)
    )
    joined = data.draw(st.permutations(before + wrong))
    plan = unmerge_plan(one, other, joined)
    assert set(plan) == set(wrong)
    remaining = [(edge.a, edge.b) for edge in joined if edge not in plan]
    assert resolve(ranks, remaining) == resolve(ranks, [(edge.a, edge.b) for edge in before])


def test_who_parts_gives_up_the_phone_that_both_claim() -> None:
    """The other keeps it: a shared claim is withdrawn on the side that leaves."""
    edges = [Edge(MEMBER, PHONE, "claim"), Edge(OTHER, PHONE, "claim"), Edge(OTHER, COOKIE, "claim")]
    plan = unmerge_plan(MEMBER, OTHER, edges)
    assert plan == (Edge(OTHER, PHONE, "claim"),)
    remaining = [(edge.a, edge.b) for edge in edges if edge not in plan]
    assert resolve(RANKS, remaining) == {MEMBER: MEMBER, PHONE: MEMBER, OTHER: OTHER, COOKIE: OTHER}


def test_a_third_customer_who_keeps_them_together_is_named() -> None:
    """Parting two of three who are one would change nothing, so the one in between must be settled first."""
    edges = [Edge(MEMBER, OTHER, "merge"), Edge(MEMBER, COOKIE, "claim"), Edge(COOKIE, OTHER, "claim")]
    with pytest.raises(StillJoinedError) as refusal:
        unmerge_plan(MEMBER, OTHER, edges)
    assert refusal.value.through == COOKIE
    assert str(COOKIE) in refusal.value.detail


def test_the_one_named_is_a_customer_and_not_a_phone() -> None:
    """Between the two stand a phone and its claimant: people are parted from people."""
    claimant = customer(9)
    edges = [Edge(OTHER, PHONE, "claim"), Edge(claimant, PHONE, "claim"), Edge(claimant, MEMBER, "merge")]
    with pytest.raises(StillJoinedError) as refusal:
        unmerge_plan(MEMBER, OTHER, edges)
    assert refusal.value.through == claimant


def test_strangers_cannot_part() -> None:
    """Nothing joins them, so nothing can be withdrawn; nor can a customer part from itself."""
    with pytest.raises(NotJoinedError):
        unmerge_plan(MEMBER, OTHER, [Edge(MEMBER, PHONE, "claim")])
    with pytest.raises(NotJoinedError):
        unmerge_plan(MEMBER, MEMBER, [Edge(MEMBER, PHONE, "claim")])


def test_only_what_lies_between_the_two_is_direct() -> None:
    """In both directions, of both kinds, and no more."""
    between = (Edge(MEMBER, OTHER, "merge"), Edge(OTHER, MEMBER, "claim"))
    assert direct_edges_between(MEMBER, OTHER, [*between, Edge(MEMBER, PHONE, "claim")]) == between


@given(ranks=rank_maps, edges=edge_lists, data=st.data())
def test_a_plan_always_parts_or_says_through_whom_not(
    ranks: dict[UUID, int], edges: list[tuple[UUID, UUID]], data: st.DataObject
) -> None:
    """There is no third outcome, and whoever is named really stands between the two."""
    graph = [Edge(a, b, data.draw(st.sampled_from(["claim", "merge"]))) for a, b in edges if a != b]
    one, other = customer(0), customer(1)
    remaining, between = graph, set[UUID]()
    try:
        plan = unmerge_plan(one, other, graph)
        remaining = [edge for edge in graph if edge not in plan]
    except StillJoinedError as refusal:
        between = {refusal.through}
    except NotJoinedError:
        pass
    reached = walked(ranks, [(edge.a, edge.b) for edge in remaining], one)
    assert (other in reached) == bool(between)
    assert between <= reached - {one, other}
