"""Who is one person, as the view keeps it."""

import asyncpg

from domain.identity.customer import Customer
from projections.engine.verify import verify
from projections.identity_graph import queries
from projections.identity_graph.projector import PROJECTION
from tests.projections.following import current
from tests.projections.log import Log, customer_id, seal

LI, PHONE, DEVICE = customer_id("li"), customer_id("li's phone"), customer_id("li's device")
WANG = customer_id("wang")


async def test_an_anonymous_visitor_becomes_the_member_she_turns_out_to_be(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """The device that browsed and the member who logged in on it are one profile, named by the member code."""
    log.register("li's device", "device")
    await current(database, log.register("li", "member_code"), PROJECTION)
    apart = await queries.profile_of(reading, [LI, DEVICE])

    await current(database, log.identify("li's device", ("li", "member_code")), PROJECTION)

    assert apart == {LI: LI, DEVICE: DEVICE}
    assert await queries.profile_of(reading, [LI, DEVICE]) == {LI: LI, DEVICE: LI}
    assert await queries.members(reading, LI) == sorted([LI, DEVICE])
    assert await queries.members_of(reading, [DEVICE]) == {DEVICE: (LI, tuple(sorted([LI, DEVICE])))}


async def test_a_claimed_identifier_is_found_before_anyone_acts_under_it(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Two customers who claim one phone are one person, though the phone itself never did anything."""
    log.register("li", "member_code", ("li's phone", "phone"))
    position = log.register("li's device", "device", ("li's phone", "phone"))
    await current(database, position, PROJECTION)

    assert await queries.find_by_identifier(reading, PHONE) == LI
    assert await queries.members(reading, LI) == sorted([LI, DEVICE])
    assert await queries.find_by_identifier(reading, WANG) is None
    known = await queries.identifiers_of(reading, LI)
    assert {(one.type, one.customer_id) for one in known} == {
        ("member_code", LI),
        ("phone", LI),
        ("device", DEVICE),
        ("phone", DEVICE),
    }
    assert next(one.sealed for one in known if one.type == "member_code") == seal(b'"li"')


async def test_un_merging_gives_both_sides_back_exactly(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A merge and its undoing leave the profiles as they were, withdrawn claims count no more."""
    log.register("li", "member_code", ("li's phone", "phone"))
    log.register("li's device", "device")
    position = log.register("wang", "member_code")
    await current(database, position, PROJECTION)
    before = await queries.profiles(reading)

    log.append((LI, Customer.Merged(other_id=WANG, reason="same person")))
    await current(database, log.identify("li's device", ("li's phone", "phone")), PROJECTION)
    (merged,) = await queries.profiles(reading)
    edges = await queries.edges_of(reading, merged.profile_id)
    log.append((LI, Customer.Unmerged(other_id=WANG, withdrawn=(), reason="a mistake")))
    parting = Customer.Unmerged(other_id=LI, withdrawn=(PHONE,), reason="her sister's")
    await current(database, log.append((DEVICE, parting)), PROJECTION)

    assert merged.members == tuple(sorted([LI, WANG, DEVICE]))
    assert {(edge.a, edge.b, edge.kind) for edge in edges} == {
        (LI, PHONE, "claim"),
        (DEVICE, PHONE, "claim"),
        (LI, WANG, "merge"),
    }
    assert await queries.profiles(reading) == before
    assert (await verify(database, PROJECTION)).equal
    await current(database, log.identify("li's device", ("li's phone", "phone")), PROJECTION)
    assert await queries.members(reading, LI) == sorted([LI, DEVICE])


async def test_profiles_are_listed_in_pages(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Keyset by id: every profile once, whatever the size of the page."""
    for number in range(9):
        position = log.register(f"c{number}")
    await current(database, position, PROJECTION)
    every = await queries.profiles(reading, limit=100)

    found: list[queries.Profile] = []
    while page := await queries.profiles(reading, after=found[-1].profile_id if found else queries.FIRST, limit=4):
        found += page

    assert len(found) == 9
    assert found == every
