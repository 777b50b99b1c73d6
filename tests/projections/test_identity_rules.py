"""Rules over the graph as it is kept: limits reached late, claims withdrawn, rules changed and changed back."""

import asyncpg
import pytest

from domain.identity.customer import Customer
from domain.identity.identifier import IdentifierType
from domain.identity.resolving import Hold
from domain.identity.rule_book import UNTIL_ADOPTED, RuleBook, rule_book_stream
from domain.identity.rules import Guards, Limit, Strength
from projections.engine.verify import verify
from projections.identity_graph import queries
from projections.identity_graph.comparing import compare
from projections.identity_graph.explaining import explain
from projections.identity_graph.projector import PROJECTION
from tests.projections.following import current
from tests.projections.log import Log, customer_id

LI, WANG, TABLET = customer_id("li"), customer_id("wang"), customer_id("tablet")
PHONE = customer_id("the store's phone")


def with_phones(persons: int, *blocked: str) -> Guards:
    """The rules that come with Koi, but for how many may share a phone, and what is blocked."""
    phone = Limit(strength=Strength.STRONG, persons=persons, links=50)
    limits = UNTIL_ADOPTED.limits | {str(IdentifierType.PHONE): phone}
    return Guards(limits=limits, blocked=tuple(customer_id(name) for name in blocked))


def adopt(log: Log, version: int, guards: Guards) -> int:
    """Put rules in force."""
    return log.append((rule_book_stream(), RuleBook.Adopted(version=version, guards=guards, reason="a test")))


def callers(log: Log, number: int) -> int:
    """Members who gave the store's phone as theirs."""
    for caller in range(number):
        position = log.register(f"caller {caller}", "member_code", ("the store's phone", "phone"))
    return position


async def rows(reading: asyncpg.Connection) -> list[str]:
    """Every row of the graph, as text; the version of the rules in force is no part of it."""
    tables = ("customer", "claim", "merge")
    found = [await reading.fetch(f"SELECT t::text AS row FROM identity_graph.{name} AS t") for name in tables]
    return sorted(row["row"] for table in found for row in table)


async def profiles(reading: asyncpg.Connection, *names: str) -> int:
    """How many profiles these customers are."""
    return len(set((await queries.profile_of(reading, [customer_id(name) for name in names])).values()))


async def test_two_members_who_sign_in_on_one_tablet_stay_two(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """The tablet was Li's until Wang signed in on it; then it is nobody's, and the graph says why."""
    log.register("tablet", "device")
    await current(database, log.register("li", "member_code", ("tablet", "device")), PROJECTION)
    before = await queries.profile_of(reading, [LI, TABLET])

    await current(database, log.register("wang", "member_code", ("tablet", "device")), PROJECTION)

    assert before == {LI: LI, TABLET: LI}
    assert await queries.profile_of(reading, [LI, WANG, TABLET]) == {LI: LI, WANG: WANG, TABLET: TABLET}
    assert await queries.holds_around(reading, [LI]) == {TABLET: Hold.SHARED}
    (guarded,) = (await explain(reading, LI)).kept_apart_by
    assert guarded.others == (WANG, TABLET) if WANG < TABLET else (TABLET, WANG)
    assert "1" in guarded.rule.en
    assert (await verify(database, PROJECTION)).equal


async def test_a_limit_exceeded_late_parts_those_joined_before_and_withdrawn_claims_join_them_again(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Three share a phone; the fourth makes it a store's; when the fourth gives it up, the three are one again."""
    await current(database, callers(log, 3), PROJECTION)
    family = await profiles(reading, "caller 0", "caller 1", "caller 2")

    await current(database, log.register("caller 3", "member_code", ("the store's phone", "phone")), PROJECTION)
    store = await profiles(reading, "caller 0", "caller 1", "caller 2", "caller 3")
    parting = Customer.Unmerged(other_id=customer_id("caller 0"), withdrawn=(PHONE,), reason="not hers")
    await current(database, log.append((customer_id("caller 3"), parting)), PROJECTION)

    assert (family, store) == (1, 4)
    assert await profiles(reading, "caller 0", "caller 1", "caller 2", "caller 3") == 2
    assert (await verify(database, PROJECTION)).equal


async def test_what_is_seen_with_everybody_stands_alone_and_comes_back_below_its_limit(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """A till's phone with sixty callers: crowded; once most of them have given it up it is a phone like any other."""
    await current(database, callers(log, 60), PROJECTION)
    crowded = await queries.holds_around(reading, [customer_id("caller 1")])

    for caller in range(2, 60):
        gone = Customer.Unmerged(other_id=customer_id("caller 0"), withdrawn=(PHONE,), reason="a till's")
        position = log.append((customer_id(f"caller {caller}"), gone))
    await current(database, position, PROJECTION)

    assert crowded == {PHONE: Hold.CROWDED}
    assert await profiles(reading, "caller 0", "caller 1", "caller 59") == 2
    assert await queries.holds_around(reading, [customer_id("caller 1")]) == {}
    assert (await verify(database, PROJECTION)).equal


async def test_rules_changed_and_switched_back_give_the_same_bytes(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Rules decide over the whole history, whenever they were adopted; a replay comes to the same."""
    adopt(log, 1, with_phones(3))
    log.register("li", "member_code", ("tablet", "device"), ("li's phone", "phone"))
    log.register("wang", "member_code", ("li's phone", "phone"))
    await current(database, callers(log, 5), PROJECTION)
    before, apart = await rows(reading), await profiles(reading, "caller 0", "caller 4")

    await current(database, adopt(log, 2, with_phones(9, "li's phone")), PROJECTION)
    joined, blocked = await profiles(reading, "caller 0", "caller 4"), await profiles(reading, "li", "wang")
    await current(database, adopt(log, 3, with_phones(3)), PROJECTION)

    assert (apart, joined, blocked) == (2, 1, 2)
    assert await rows(reading) == before
    assert (await verify(database, PROJECTION)).equal


@pytest.mark.parametrize("persons", [1, 9])
async def test_a_comparison_says_what_adopting_would_do(
    database: str, log: Log, reading: asyncpg.Connection, persons: int
) -> None:
    """Counted aside, it equals what the graph becomes; the graph itself stays as it is meanwhile."""
    log.register("li", "member_code", ("li's phone", "phone"))
    log.register("wang", "member_code", ("li's phone", "phone"))
    await current(database, callers(log, 5), PROJECTION)
    before = await rows(reading)
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        told: list[str] = []
        found = await compare(pool, with_phones(persons), told.append)
        untouched = await rows(reading)
        await current(database, adopt(log, 1, with_phones(persons)), PROJECTION)
        after = await compare(pool, with_phones(persons))

    assert untouched == before
    assert found.then == after.now == after.then
    assert (found.merged, found.split) == ((0, 1) if persons == 1 else (1, 0))
    assert found.moved == (3 if persons == 1 else 6)
    assert [len(sample.after) for sample in found.samples] == ([3] if persons == 1 else [1])
    assert "phone" in found.samples[0].reasons[0]
    assert told == ["numbering", "reading", "resolving", "resolving", "comparing"]
    assert (after.merged, after.split, after.moved) == (0, 0, 0)


async def test_an_explanation_is_the_chain_of_evidence(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Which identifiers join her customers, since when, by which rule; and the decisions of people."""
    log.register("li", "member_code", ("li's phone", "phone"))
    log.register("li's unionid", "unionid", ("li's phone", "phone"))
    log.append((LI, Customer.Merged(other_id=WANG, reason="one person")))
    await current(database, log.register("wang", "member_code"), PROJECTION)

    (profile_id,) = set((await queries.profile_of(reading, [LI, WANG, customer_id("li's unionid")])).values())
    found = await explain(reading, profile_id)

    assert [one.known.type if one.known else "merge" for one in found.joined_by] == ["phone", "phone", "merge"]
    assert [one.since for one in found.joined_by] == sorted(one.since for one in found.joined_by)
    assert "3" in found.joined_by[0].rule.zh
    assert found.kept_apart_by == ()
