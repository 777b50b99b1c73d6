"""Inference at work: driven by facts, by history and by the population; told twice it changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from commands.activity.intake import Intake
from commands.identity.describing import shipped
from commands.identity.infer_from_purchases import infer_from_purchases
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.activity.activity import Activity
from domain.identity.customer import Customer
from domain.identity.identifier import identifier
from domain.identity.naming import Naming
from domain.inference.rules import shipped as rules
from projections.engine.verify import verify
from projections.history.queries import head
from projections.inferred_attributes.projector import PROJECTION
from projections.inferred_attributes.queries import inferred_of
from tests.patience import PATIENCE
from tests.projections.following import current
from tests.workers.test_relay import jetstream
from workers import bus
from workers.connectors.progress import Nobody
from workers.inference.frequency import Segment, infer_frequencies, medians
from workers.inference.history import infer_history
from workers.inference.role import Inferring
from workers.relay.relay import Relay

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
BY = Context(actor="test")


class Shop:
    """A shop that sells, and asks what follows."""

    def __init__(self, store: EventStore, intake: Intake, naming: Naming, database: str) -> None:
        self.store, self.intake, self.naming, self.database = store, intake, naming, database
        self.told = 0

    async def sells(
        self, member: str, *products: str, day: float = 0, name: str = "order.completed", **fields: Any
    ) -> UUID:
        """A member buys these; returns who she is."""
        self.told += 1
        at = NOON + timedelta(days=day)
        one = identifier("member_code", member)
        properties = {"order_id": f"o{self.told}", "products": [{"name": product} for product in products]}
        row: dict[str, Any] = {"amount": 100, "properties": properties} | fields
        activity = Activity(
            message_id=f"m{self.told}",
            source="pos",
            name=name,
            occurred_at=at,
            received_at=at,
            identifiers=(one,),
            currency="CNY",
            **row,
        )
        await self.intake.take([activity])
        return self.naming.customer_id(one)

    async def inferred(self, customer_id: UUID) -> dict[str, Any]:
        """What the view shows of her a week later."""
        await current(self.database, await head(self.store.pool), PROJECTION)
        found = await inferred_of(self.store.pool, [customer_id], (), NOON + timedelta(days=7))
        return {one.attribute: one.value for one in found}


@pytest.fixture
async def shop(settings: Settings, secrets: Secrets) -> AsyncIterator[Shop]:
    """A shop over a database of its own."""
    naming = Naming(secrets.pepper)
    async with (
        open_event_store(settings.database_url, secrets.master_key) as store,
        Intake(store, naming) as intake,
    ):
        yield Shop(store, intake, naming, settings.database_url)


async def test_a_purchase_infers_and_its_return_takes_it_back(shop: Shop) -> None:
    """Each time all purchases are looked at; a look that finds nothing new writes nothing."""
    li = await shop.sells("li", "奶粉 1段")
    assert await infer_from_purchases([li], rules=rules(), by=BY, store=shop.store) == 1
    assert await infer_from_purchases([li], rules=rules(), by=BY, store=shop.store) == 0
    assert await shop.inferred(li) == {"has_baby": True, "child_age": "0-6m"}
    await shop.sells("li", name="order.refunded", properties={"order_id": "o1"})
    assert await infer_from_purchases([li], rules=rules(), by=BY, store=shop.store) == 1
    assert await shop.inferred(li) == {}
    await verify_all(shop)


async def verify_all(shop: Shop) -> None:
    """The view built anew is the same."""
    assert (await verify(shop.database, PROJECTION)).equal


async def test_history_is_looked_at_once_and_only_of_whom_a_rule_asks(shop: Shop) -> None:
    """Done again, it changes nothing."""
    li, wang = await shop.sells("li", "尿不湿"), await shop.sells("wang", "牛奶")
    assert await infer_history(shop.store, rules(), Nobody()) == 1
    assert await infer_history(shop.store, rules(), Nobody()) == 0
    assert await shop.inferred(li) == {"has_baby": True}
    assert await shop.inferred(wang) == {}


async def test_what_was_said_goes_before_and_comes_back_when_taken_back(shop: Shop) -> None:
    """The inference stays in history, and in the view for whoever has said nothing."""
    li = await shop.sells("li", "尿不湿")
    await infer_from_purchases([li], rules=rules(), by=BY, store=shop.store)
    await current(shop.database, await head(shop.store.pool), PROJECTION)
    assert await inferred_of(shop.store.pool, [li], ("has_baby",), NOON) == []
    assert len(await inferred_of(shop.store.pool, [li], (), NOON)) == 1
    assert await inferred_of(shop.store.pool, [li], (), NOON + timedelta(days=366)) == []


async def test_who_bought_once_is_taken_to_buy_as_often_as_those_like_her(shop: Shop) -> None:
    """The median of the segment, taken back as soon as she buys again."""
    frequency = rules().frequency
    assert frequency is not None
    declared = msgspec.structs.replace(rules(), frequency=msgspec.structs.replace(frequency, at_least=3))
    for number, days in enumerate((10, 20, 40)):
        for visit in range(3):
            await shop.sells(f"regular {number}", "牛奶", day=visit * days / 40)
    once = await shop.sells("once", "牛奶", day=1.9)
    assert await infer_frequencies(shop.store, declared, Nobody()) == 1
    assert await infer_frequencies(shop.store, declared, Nobody()) == 0
    assert (await shop.inferred(once))["purchase_interval_days"] == 0.5
    await shop.sells("once", "牛奶", day=2)
    assert await infer_frequencies(shop.store, declared, Nobody()) == 1
    assert await shop.inferred(once) == {}


def test_a_median_is_the_middle_one_and_needs_company() -> None:
    """The lower of two; too few say nothing."""
    one, other = Segment(0, 0), Segment(0, 1)
    found = medians([(one, 1.0), (one, 9.0), (one, 2.0), (one, 3.0), (other, 5.0)], at_least=2)
    assert {segment: (median.days, median.customers) for segment, median in found.items()} == {one: (2.0, 4)}


async def test_live_purchases_are_judged_as_the_relay_brings_them_and_a_redelivery_changes_nothing(
    shop: Shop, nats_url: str
) -> None:
    """A purchase of nothing that a rule asks for, or a mere look, is passed over; two workers do it once."""
    today = (datetime.now(UTC) - NOON).total_seconds() / 86_400
    li = await shop.sells("li", "奶粉 2段", day=today)
    wang = await shop.sells("wang", "奶粉", day=today, name="product.viewed", amount=None)
    zhao = await shop.sells("zhao", "牛奶", day=today)
    async with jetstream(nats_url) as (js, stream):
        for durable in ("first", "again"):
            await relayed(shop.database, js, stream)
            working = Inferring(shop.store, rules())
            consuming = asyncio.create_task(
                bus.consume(js, durable, [f"{stream}.*.facts.sealed"], working.handle, stream=stream)
            )
            async with asyncio.timeout(PATIENCE):
                while await waiting(js, stream, durable):  # noqa: ASYNC110 - the broker alone knows what is acknowledged
                    await asyncio.sleep(0.02)
            consuming.cancel()
            await asyncio.gather(consuming, return_exceptions=True)
    versions = {one: (await shop.store.streams.load(Customer, one)).version for one in (li, wang, zhao)}
    assert versions == {li: 2, wang: 1, zhao: 1}
    customer = await shop.store.streams.load(Customer, li)
    assert {held.grounds.attribute: held.value for held in customer.inferred.values()} == {
        "has_baby": True,
        "child_age": "6-12m",
    }


async def relayed(database: str, js: JetStreamContext, stream: str) -> None:
    """Publish what there is."""
    connection = await asyncpg.connect(database)
    try:
        while await Relay(js, stream=stream, prefix=stream).publish_page(connection):
            pass
    finally:
        await connection.close()


async def waiting(js: JetStreamContext, stream: str, durable: str) -> int:
    """How many messages the consumer has not acknowledged; some, until it is there."""
    try:
        info = await js.consumer_info(stream, durable)
    except NotFoundError:
        return 1
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def test_a_customer_seen_again_under_a_phone_is_inferred_once(shop: Shop) -> None:
    """However often facts come with it."""
    phone = identifier("phone", "13305712345")
    member = identifier("member_code", "li")
    li = shop.naming.customer_id(member)
    for number in range(3):
        activity = Activity(
            message_id=f"p{number}",
            source="app",
            name="app.opened",
            occurred_at=NOON,
            received_at=NOON,
            identifiers=(member, phone),
        )
        await shop.intake.take([activity])
    assert await shop.inferred(li) == {"region": "330100"}
    (customer,) = (await shop.store.streams.load_many(Customer, [li])).values()
    assert customer.version == 2
    assert shipped().inference.version
