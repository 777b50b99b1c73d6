"""Who is one person: the guards, and that nothing depends on any order."""

import itertools
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.identity.identifier import IdentifierType
from domain.identity.resolving import Hold, Placed, placed
from domain.identity.rule_book import UNTIL_ADOPTED as GUARDS
from domain.identity.rules import Guards
from tests.domain.identity.graphs import GRAPHS, Graph, of_kind


def member(number: int) -> UUID:
    """Return a member code."""
    return of_kind(IdentifierType.MEMBER_CODE, number)


def phone(number: int) -> UUID:
    """Return a phone."""
    return of_kind(IdentifierType.PHONE, number)


LI, WANG = member(1), member(2)
TABLET, VISIT = of_kind(IdentifierType.DEVICE, 1), of_kind(IdentifierType.ANONYMOUS, 1)


def resolved(
    *claims: tuple[UUID, UUID], merges: tuple[tuple[UUID, UUID], ...] = (), guards: Guards = GUARDS
) -> dict[UUID, Placed]:
    """Resolve what is seen with what."""
    ends = {end for pair in (*claims, *merges) for end in pair}
    return placed({one: one.int >> 64 for one in ends}, claims, merges, guards)


def test_two_members_on_one_tablet_stay_two() -> None:
    """The tablet is then nobody's, with its reason; before the second came it was the first one's."""
    assert resolved((LI, TABLET))[TABLET] == Placed(LI)
    assert resolved((LI, TABLET), (WANG, TABLET)) == {
        LI: Placed(LI),
        WANG: Placed(WANG),
        TABLET: Placed(TABLET, Hold.SHARED),
    }


def test_two_members_are_not_joined_through_a_chain_of_weak_identifiers() -> None:
    """Li's device is hers; the visit seen with the device and with Wang is nobody's."""
    found = resolved((LI, TABLET), (TABLET, VISIT), (WANG, VISIT))

    assert found[TABLET] == Placed(LI)
    assert found[VISIT] == Placed(VISIT, Hold.SHARED)
    assert found[WANG] == Placed(WANG)


def test_sessions_on_a_shared_tablet_belong_to_who_signed_in() -> None:
    """The tablet tells nothing any more, but each visit was one person's."""
    visits = [of_kind(IdentifierType.ANONYMOUS, number) for number in (1, 2)]
    pairs = [(LI, TABLET), (WANG, TABLET), (TABLET, visits[0]), (TABLET, visits[1]), (LI, visits[0]), (WANG, visits[1])]

    found = resolved(*pairs)

    assert [found[visit] for visit in visits] == [Placed(LI), Placed(WANG)]


def test_a_family_s_phone_joins_and_a_store_s_does_not() -> None:
    """Three may share a number; from the fourth on it says nothing about who somebody is."""
    callers = [member(number) for number in range(4)]

    family = resolved(*((one, phone(1)) for one in callers[:3]))
    store = resolved(*((one, phone(1)) for one in callers))

    assert {at.profile_id for at in family.values()} == {min(callers)}
    assert store[phone(1)].hold is Hold.SHARED
    assert [store[one] for one in callers] == [Placed(one) for one in callers]


def test_persons_are_counted_and_not_their_names() -> None:
    """Four names of one person on a phone are one."""
    unionids = [of_kind(IdentifierType.UNIONID, number) for number in range(4)]
    seen = [(LI, one) for one in unionids] + [(one, phone(1)) for one in unionids]

    assert set(resolved(*seen).values()) == {Placed(LI)}


def test_what_people_merged_beats_the_rules() -> None:
    """Two members who are merged are one person: the tablet they share is hers."""
    found = resolved((LI, TABLET), (WANG, TABLET), merges=((LI, WANG),))

    assert set(found.values()) == {Placed(LI)}


def test_a_blocked_value_joins_nobody() -> None:
    """However few are seen with it."""
    guards = Guards(limits=GUARDS.limits, blocked=(phone(1),))

    found = resolved((LI, phone(1)), (WANG, phone(1)), guards=guards)

    assert found == {LI: Placed(LI), WANG: Placed(WANG), phone(1): Placed(phone(1), Hold.BLOCKED)}


def test_a_house_card_stands_alone() -> None:
    """The member code rung up for walk-ins is seen with everybody's phone, and is nobody."""
    walk_ins = [(LI, phone(number)) for number in range(60)]

    found = resolved(*walk_ins)

    assert found[LI].hold is Hold.CROWDED
    assert all(found[phone(number)] == Placed(phone(number)) for number in range(60))


def test_a_member_may_have_any_number_of_visits() -> None:
    """Every session of a browser is a new anonymous id; they are all hers."""
    visits = [of_kind(IdentifierType.ANONYMOUS, number) for number in range(500)]

    assert set(resolved(*((LI, visit) for visit in visits)).values()) == {Placed(LI)}


@given(graph=GRAPHS, data=st.data())
def test_any_order_of_the_same_facts_gives_the_same_graph(graph: Graph, data: st.DataObject) -> None:
    """A file that arrives a week late, or backwards, changes nothing."""
    ranks, claims, merges = graph
    turned = [data.draw(st.sampled_from([(a, b), (b, a)])) for a, b in data.draw(st.permutations(claims))]
    shuffled = dict(data.draw(st.permutations(list(ranks.items()))))

    assert placed(shuffled, turned, data.draw(st.permutations(merges)), GUARDS) == placed(ranks, claims, merges, GUARDS)


@given(graph=GRAPHS)
def test_weak_identifiers_never_join_two_persons(graph: Graph) -> None:
    """Without them, the persons are exactly the same."""
    ranks, claims, _ = graph
    persons = {one: rank for one, rank in ranks.items() if rank < GUARDS.first_weak_rank}
    strong = [(a, b) for a, b in claims if a in persons and b in persons]

    with_all, without = placed(ranks, claims, (), GUARDS), placed(persons, strong, (), GUARDS)

    assert {one: with_all[one] for one in persons} == without


@given(graph=GRAPHS)
def test_what_two_groups_do_not_share_cannot_join_them(graph: Graph) -> None:
    """A profile is always connected by claims and merges, and bears the name of its strongest member."""
    ranks, claims, merges = graph
    found = placed(ranks, claims, merges, GUARDS)
    for profile_id, group in itertools.groupby(
        sorted(ranks, key=lambda one: found[one].profile_id.bytes), key=lambda one: found[one].profile_id
    ):
        members = set(group)
        assert profile_id == min(members, key=lambda one: (ranks[one], one))
        reached = {profile_id}
        for _ in members:
            reached |= {
                end for pair in (*claims, *merges) if reached & set(pair) and set(pair) <= members for end in pair
            }
        assert reached == members
