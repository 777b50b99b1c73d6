"""The tags customers have, and which source says so."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from domain.identity.customer import Customer
from projections.customer_tags.projector import PROJECTION
from projections.customer_tags.queries import in_use, tags_of
from tests.projections.following import current
from tests.projections.log import NOON, Log, customer_id

LI, WANG = customer_id("li"), customer_id("wang")


async def test_several_sources_may_say_the_same_tag(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """A profile shows each of them; what a source no longer says is its word alone."""
    log.tag("li", "interest.coffee", "interest.tea", source="crm", at=NOON)
    log.tag("wang", "interest.coffee", source="erp", at=NOON)
    position = log.tag("li", "interest.coffee", source="crm", at=NOON + timedelta(hours=1))
    await current(database, position, PROJECTION)

    both = await tags_of(reading, [LI, WANG])

    assert [(one.key, [said.source for said in one.sayings]) for one in both] == [("interest.coffee", ["crm", "erp"])]
    used = await in_use(reading)
    assert [(one.key, one.customers, one.sources) for one in used] == [("interest.coffee", 2, ("crm", "erp"))]
    assert await in_use(reading, after=("interest.coffee", "")) == []


async def test_who_is_erased_has_no_tags_until_she_comes_back(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Whether it happens within one page or over several."""
    log.register("li")
    log.tag("li", "interest.coffee")
    log.append((LI, Customer.Erased(receipt_id=UUID(int=1), reason="asked", legal_basis="pipl-47")))
    log.append((LI, Customer.Readmitted(receipt_id=UUID(int=1), reason="asked")))
    position = log.tag("li", "interest.coffee", "interest.tea")
    await current(database, position, PROJECTION)
    assert [one.key for one in await tags_of(reading, [LI])] == ["interest.tea"]

    position = log.append((LI, Customer.Erased(receipt_id=UUID(int=2), reason="asked", legal_basis="pipl-47")))
    await current(database, position, PROJECTION)
    assert await tags_of(reading, [LI]) == ()
