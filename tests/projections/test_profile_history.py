"""The history of one person, with every word at its time."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest

from domain.identity.customer import Claim, Customer
from domain.identity.inference import Grounds
from domain.kernel.event import Meta
from domain.kernel.ids import derived
from domain.kernel.rules.history import History, Word
from domain.products.product import Product
from projections.customer_360.folding import Sealed
from projections.identity_graph.projector import PROJECTION as GRAPH
from projections.products.projector import PROJECTION as PRODUCTS
from projections.profile_history.occurring import Reader
from projections.profile_history.queries import Wanted, histories
from tests.projections.following import current
from tests.projections.log import NOON, Log, a_fact, an_order, customer_id

LI, WANG = customer_id("li"), customer_id("wang")
DAY = timedelta(days=1)
READER = Reader(ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
async def graph(database: str, log: Log) -> None:
    """The views that are read stand."""
    await current(database, log.register("somebody"), GRAPH, PRODUCTS)


async def opening(sealed: Collection[Sealed]) -> dict[Sealed, Any]:
    """Break the tests' seals."""
    return {one: msgspec.json.decode(one.value.removeprefix(b"sealed:")[::-1]) for one in sealed}


async def history(reading: asyncpg.Connection, *members: UUID, wanted: Wanted | None = None) -> History:
    """Return what is known of the person made of these customers."""
    found = await histories(reading, {LI: members or (LI,)}, READER, opening=opening, wanted=wanted or Wanted())
    return found[LI]


async def test_an_attribute_is_seen_as_it_was_at_any_instant(log: Log, reading: asyncpg.Connection) -> None:
    """Business time orders the words of all customers of a profile, whatever came in first."""
    log.describe("li", at=NOON + 2 * DAY, city="Hangzhou")
    log.describe("li", at=NOON, city="Shanghai", tier=3, likes=["tea", "wine"])
    log.describe("wang", at=NOON + DAY, city="Beijing", tier=None)
    log.append((LI, Customer.AttributesRemoved(names=("city",), meta=Meta(occurred_at=NOON + 3 * DAY))))

    found = await history(reading, LI, WANG)

    assert found.attributes["city"] == [
        Word(NOON, "Shanghai"),
        Word(NOON + DAY, "Beijing"),
        Word(NOON + 2 * DAY, "Hangzhou"),
        Word(NOON + 3 * DAY, None),
    ]
    assert found.attributes["tier"] == [Word(NOON, 3), Word(NOON + DAY, None)]
    assert found.attributes["likes"] == [Word(NOON, ("tea", "wine"))]


async def test_a_counter_grows_with_each_fact_and_a_cleared_profile_is_empty_from_then_on(
    log: Log, reading: asyncpg.Connection
) -> None:
    """Increments are facts; what was said before the clearing is seen before it only."""
    log.seal(
        a_fact("li", "profile.incremented", at=NOON, body='{"points": 5}'),
        a_fact("wang", "profile.incremented", at=NOON + DAY, body='{"points": 2}'),
    )
    log.describe("li", at=NOON, city="Shanghai")
    log.append((LI, Customer.ProfileCleared(meta=Meta(occurred_at=NOON + 2 * DAY))))
    log.describe("li", at=NOON + 3 * DAY, city="Beijing")

    found = await history(reading, LI, WANG, wanted=Wanted(names=("order.completed",)))

    assert found.attributes["points"] == [Word(NOON, 5), Word(NOON + DAY, 7), Word(NOON + 2 * DAY, None)]
    assert found.attributes["city"] == [
        Word(NOON, "Shanghai"),
        Word(NOON + 2 * DAY, None),
        Word(NOON + 3 * DAY, "Beijing"),
    ]
    assert found.events == []


async def test_sealed_values_are_opened_for_the_few_names_that_rules_may_read(
    log: Log, reading: asyncpg.Connection
) -> None:
    """A birthday makes an age; a name makes nothing."""
    log.describe("li", at=NOON, personal={"birthday": "1990-05-17", "name": "李娜"})

    found = await history(reading)
    unopened = (await histories(reading, {LI: [LI]}, READER))[LI]

    assert found.attributes == {"birthday": [Word(NOON, "1990-05-17")]}
    assert unopened.attributes == {}


async def test_what_was_said_goes_before_what_was_inferred(log: Log, reading: asyncpg.Connection) -> None:
    """The surest inference counts while nobody says it better, and is marked by its rule."""
    log.append((LI, _inferred("phone_region", "region", "330100", 60, at=NOON)))
    log.append((LI, _inferred("address", "region", "310100", 90, at=NOON + DAY, days=10)))
    log.describe("li", at=NOON + 3 * DAY, region="110100")
    log.append((LI, Customer.AttributesRemoved(names=("region",), meta=Meta(occurred_at=NOON + 5 * DAY))))
    log.append(
        (
            LI,
            Customer.InferencesWithdrawn(
                names=("phone_region",), reason="evidence_gone", meta=Meta(occurred_at=NOON + 20 * DAY)
            ),
        )
    )

    found = await history(reading)

    assert [(word.since - NOON, word.value) for word in found.attributes["region"]] == [
        (0 * DAY, "330100"),
        (DAY, "310100"),
        (3 * DAY, "110100"),
        (5 * DAY, "310100"),
        (11 * DAY, "330100"),
        (20 * DAY, None),
    ]
    assert [word.value for word in found.inferred["region"]] == [
        "phone_region",
        "address",
        None,
        "address",
        "phone_region",
        None,
    ]


async def test_words_on_tags_and_consents_stand_from_when_they_were_said(log: Log, reading: asyncpg.Connection) -> None:
    """Two customers of a profile have a tag while one of them has it; a proven word outweighs a later grant."""
    log.tag("li", "vip", at=NOON)
    log.tag("wang", "vip", at=NOON + DAY)
    log.tag("li", at=NOON + 2 * DAY)
    log.tag("wang", at=NOON + 3 * DAY)
    log.consent("li", at=NOON)
    log.consent("wang", "withdrawn", at=NOON + DAY)

    found = await history(reading, LI, WANG)

    assert found.tags == {("crm", "vip", ""): [Word(NOON, value=True), Word(NOON + 3 * DAY, None)]}
    assert found.consents == {("email", "marketing"): [Word(NOON, "granted"), Word(NOON + DAY, "withdrawn")]}


async def test_identifiers_are_known_until_the_claim_is_withdrawn(log: Log, reading: asyncpg.Connection) -> None:
    """The customer's own name stays."""
    log.register("li", "member_code", ("+8613800000000", "phone"))
    phone = Claim(customer_id("+8613800000000"), "phone")
    log.append((LI, Customer.Unmerged(other_id=WANG, withdrawn=(phone.id,), reason="two people")))

    found = await history(reading)

    assert {kind: [word.value for word in words] for kind, words in found.identifiers.items()} == {
        "member_code": [True],
        "phone": [True, None],
    }


async def test_an_identifier_that_was_cut_is_known_until_then(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """Until it is claimed again."""
    log.register("li", "member_code", ("device-1", "device"))
    device = customer_id("device-1")
    log.append((device, Customer.Unbound(meta=Meta(occurred_at=NOON + DAY))))
    again = Customer.Bound(claims=(Claim(device, "device"),), identifiers={}, meta=Meta(occurred_at=NOON + 2 * DAY))
    await current(database, log.append((LI, again)), GRAPH)

    found = await history(reading)

    assert [word.value for word in found.identifiers["device"]] == [True, None, True]
    assert [word.value for word in found.identifiers["member_code"]] == [True]


async def test_withdrawn_facts_never_happened(log: Log, reading: asyncpg.Connection) -> None:
    """Neither the fact nor its withdrawal is in the history; the rest is in the order of time."""
    log.seal(an_order("li", 100, at=NOON + DAY), a_fact("li", at=NOON), an_order("li", 900, at=NOON))
    facts = await reading.fetch("SELECT fact_id, occurred_at FROM fact_log WHERE amount = 900")
    log.seal(a_fact("li", "fact.withdrawn", body=msgspec.json.encode({"fact_id": facts[0]["fact_id"]}).decode()))

    found = await history(reading)
    orders = await history(reading, wanted=Wanted(names=("order.completed",)))

    assert [one.name for one in found.events] == ["page.viewed", "order.completed"]
    assert [one.fields["amount"] for one in orders.events] == [100]


async def test_what_an_event_leaves_out_the_catalogue_says_as_of_now(
    database: str, log: Log, reading: asyncpg.Connection
) -> None:
    """A product described later is known at once."""
    line = msgspec.json.encode({"products": [{"product_id": "P-1", "amount": 9900}]}).decode()
    log.seal(a_fact("li", "order.completed", at=NOON, amount=9_900, body=line))
    unknown = await history(reading)
    said = Product.Described(item_type="sku", item_id="P-1", attributes={"category": "空调"})
    await current(database, log.append((derived("product", "sku", "P-1"), said)), PRODUCTS)

    found = await history(reading)

    assert [item.fields.get("category_group") for item in unknown.items] == [None]
    assert [(item.fields.get("category"), item.fields.get("category_group")) for item in found.items] == [
        ("空调", "air_conditioner")
    ]


async def test_of_an_erased_person_nothing_is_known_but_what_came_later(log: Log, reading: asyncpg.Connection) -> None:
    """An erasure ends everything that was said."""
    log.register("li")
    log.describe("li", city="Shanghai", personal={"birthday": "1990-05-17"})
    log.tag("li", "vip")
    log.erase("li")
    log.readmit("li")
    log.describe("li", city="Beijing")

    found = await history(reading)

    assert [word.value for word in found.attributes["city"]] == ["Beijing"]
    assert (found.tags, found.identifiers, "birthday" in found.attributes) == ({}, {}, False)


def _inferred(
    rule: str, attribute: str, value: str, confidence: int, *, at: Any, days: int | None = None
) -> Customer.AttributesInferred:
    grounds = Grounds(
        attribute=attribute,
        rule=rule,
        confidence=confidence,
        evidence=(f"claim:{derived('x', rule)}",),
        occurred_at=at,
        expires_at=None if days is None else at + timedelta(days=days),
    )
    return Customer.AttributesInferred(grounds={rule: grounds}, attributes={rule: value}, meta=Meta(occurred_at=at))
