"""A shop whose customers are on record twice, spelled differently."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest

from commands.identity.customers import GivenIdentifier
from commands.identity.register_customer import RegisterCustomer, register_customer
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from domain.identity.naming import Naming
from projections.customer_360.projector import PROJECTION as CUSTOMER_360
from projections.engine.waiting import wait_until
from projections.identity_graph.projector import PROJECTION as IDENTITY_GRAPH
from projections.match_review.projector import PROJECTION as MATCH_REVIEW
from tests.projections.following import SECONDS, following
from workers.linkage.model import Model, read_model
from workers.linkage.proposing import Run, propose
from workers.linkage.synthetic import people

VIEWS = (IDENTITY_GRAPH, CUSTOMER_360, MATCH_REVIEW)
BY = Context(actor="test")


class Shop(msgspec.Struct, frozen=True):
    """Its store, the customer of each record, and the pairs of customers that are one person in truth."""

    database: str
    store: EventStore
    customers: list[UUID]
    truth: set[frozenset[UUID]]

    async def run(self, model: Model | None = None) -> Run:
        """Carry out a linkage run once the views have come to the end, and let the queue show it."""
        await self.seen()
        came = await propose(self.store, model or read_model("people"))
        await self.seen()
        return came

    async def seen(self) -> None:
        """Let the views come to the end of the log."""
        head = await self.store.pool.fetchval("SELECT max(notification_id) FROM decision_log")
        for view in VIEWS:
            await wait_until(self.store.pool, view.name, head, SECONDS)


@pytest.fixture
async def shop(database: str, secrets: Secrets) -> AsyncIterator[Shop]:
    """120 records, a quarter of them persons who are there already."""
    labelled = people(120)
    rows = labelled.tables[0].to_pylist()
    naming = Naming(secrets.pepper)
    async with open_event_store(database, secrets.master_key, pool_size=4) as store:

        async def register(number: int) -> UUID:
            row = rows[number]
            attributes = {key: row[key] for key in ("name", "birthday", "sex", "city", "address", "email") if row[key]}
            command = RegisterCustomer(
                identifiers=(GivenIdentifier(type="member_code", value=f"M{number:05}"),),
                attributes=attributes | {"phone": row["phone"]},
            )
            return (await register_customer(command, by=BY, streams=store.streams, naming=naming)).id

        customers = list(await asyncio.gather(*map(register, range(labelled.records))))
        truth = {frozenset((customers[a], customers[b])) for a, b in labelled.truth}
        async with following(database, *VIEWS):
            yield Shop(database, store, customers, truth)
