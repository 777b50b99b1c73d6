"""A shop whose segments are watched, with a clock that a test sets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from pyroaring import BitMap

from commands.activity.intake import Intake
from commands.identity.merge_customers import MergeCustomers, merge_customers
from commands.identity.unmerge_customers import UnmergeCustomers, unmerge_customers
from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from domain.activity.activity import Activity
from domain.identity.identifier import Identifier, IdentifierType
from domain.identity.naming import Naming
from domain.kernel.rules.tree import All, Compare, Last, Measure, Rule
from domain.kernel.rules.world import World
from projections.identity_graph.projector import PROJECTION as IDENTITY_GRAPH
from projections.model_scorecard.projector import PROJECTION as MODEL_SCORECARD
from projections.products.projector import PROJECTION as PRODUCTS
from projections.segment_catalogue.projector import PROJECTION as SEGMENT_CATALOGUE
from projections.tag_catalogue.projector import PROJECTION as TAG_CATALOGUE
from projections.weather.projector import PROJECTION as WEATHER
from tests.commands.identity.erasing import erased, erasing_in
from tests.projections.following import following as views
from tests.projections.following import until
from workers.segmenting.filling import Batch
from workers.segmenting.following import Following, Stored
from workers.segmenting.knowing import Histories, everybody_of, knowing, sky_of
from workers.segmenting.segmenting import Segmenting
from workers.segmenting.subjects import Subjects
from workers.segmenting.watching import Definition, Watch

NAMING = Naming(b"p" * 32)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
_MOST_STEPS = 500
_FOLLOWED = (IDENTITY_GRAPH, PRODUCTS, MODEL_SCORECARD, SEGMENT_CATALOGUE, TAG_CATALOGUE, WEATHER)
_VIEWS = "SELECT count(*) FROM projection_position WHERE position >= 0"


def bought(days: int = 7, at_least: int = 1) -> Rule:
    """Who bought at least so often in the last days."""
    orders = Measure(events=("order.completed",), within=Last(amount=days))
    return Compare(left=orders, op="gte", right=at_least)


def defined(key: str, rule: Rule, version: int = 1) -> Definition:
    """A live segment."""
    return Definition(key=key, version=version, rule=rule)


EVERYBODY = All(of=())


LI = Context(actor="li")


def customer_of(member: str) -> UUID:
    """Return the id of the customer whom a member code names."""
    return NAMING.customer_id(Identifier(type=IdentifierType.MEMBER_CODE, value=member))


class Told(msgspec.Struct, frozen=True, order=True):
    """A fact of a membership."""

    at: datetime
    member: str
    name: str
    segment: str
    reason: str


class WatchedShop:
    """The shop, its people and its segments."""

    def __init__(
        self, store: EventStore, intake: Intake, settings: Settings, secrets: Secrets, connection: asyncpg.Connection
    ) -> None:
        self.store = store
        self._secrets = secrets
        self.now = NOON
        self.definitions: list[Definition] = []
        self._intake = intake
        self.settings = settings
        self._connection = connection
        self._members: dict[str, str] = {}
        self._count = 0
        self._sky = sky_of(store.pool, settings, self._clock)
        self._world: World = knowing(settings, self._sky)
        self.work: Segmenting | None = None
        # With it the first members of segments are asked of batch, however few people there are.
        self.batch: Batch | None = None

    async def define(self, *definitions: Definition) -> None:
        """Make these the live segments, and settle."""
        self.definitions = list(definitions)
        await self.restart()
        await self.settle()

    async def restart(self) -> None:
        """Begin anew, as a process does that was killed: nothing is known but what is stored."""
        if self.work is not None:
            await self.work.close()
        stored = await Stored.take_over(self._connection)
        subjects = Subjects(self._connection, stored.registry, Histories(self.store.pool, self.settings))
        following = Following(self.store, self._connection, stored, subjects, self._clock)
        self.work = Segmenting(following, stored, self._connection, self._define, self._watching, self._sky, self.batch)

    async def settle(self) -> None:
        """Let the worker do all that there is to do by now."""
        assert self.work is not None
        for _ in range(_MOST_STEPS):
            if await self.work.step():
                continue
            if self.work.filling is None:
                return
            await self.work.filling.answered()
        raise AssertionError("the worker does not come to rest")

    async def come_to_the_end(self) -> None:
        """Settle, and take what was told meanwhile as well."""
        await self.settle()
        await self.settle()

    def walked_for(self) -> set[str]:
        """Return the segments that batch could not be asked of."""
        assert self.work is not None
        return set(self.work.walked_for)

    def ask_batch(self) -> None:
        """Let first members be asked of batch from the next restart on."""
        pool = self.store.pool
        self.batch = Batch(pool, lambda: everybody_of(pool, self.settings), lambda: None, few=0)

    async def move_to(self, now: datetime) -> None:
        """Let the clock show this instant, and settle."""
        self.now = now
        await self.settle()

    async def happens(self, *activities: Activity, settle: bool = True) -> None:
        """Let things happen."""
        await self._intake.take(activities)
        if settle:
            await self.settle()

    def did(self, member: str, name: str, at: datetime | None = None, **more: Any) -> Activity:
        """Something a member did; now, unless said otherwise."""
        self._count += 1
        identifier = Identifier(type=IdentifierType.MEMBER_CODE, value=member)
        self._members[str(customer_of(member))] = member
        fields: dict[str, Any] = {"identifiers": (identifier,), "message_id": f"m{self._count}"} | more
        at = at or self.now
        return Activity(source="web", name=name, occurred_at=at, received_at=self.now, **fields)

    async def told(self) -> list[Told]:
        """Return all that was told, in the order of the log."""
        rows = await self.store.pool.fetch(
            "SELECT occurred_at, customer_id, name, body::text AS body FROM fact_log WHERE source = 'koi.segments' "
            "ORDER BY recorded_at, fact_id"
        )
        found = []
        for row in rows:
            body = msgspec.json.decode(row["body"])
            member = self._members.get(str(row["customer_id"]), str(row["customer_id"]))
            name = row["name"].removeprefix("segment.")
            found.append(Told(row["occurred_at"], member, name, body["segment"], body["reason"]))
        return found

    async def changes(self) -> list[tuple[str, str, timedelta]]:
        """Return what was told as member, what, and how long after noon."""
        return [(one.member, one.name, one.at - NOON) for one in await self.told()]

    async def merge(self, one: str, other: str) -> None:
        """Somebody says that two members are one person."""
        command = MergeCustomers(other_id=customer_of(other), reason="the same phone at the till")
        await merge_customers(
            command, customer_id=customer_of(one), expected_version=None, by=LI, streams=self.store.streams
        )
        await self.settle()

    async def unmerge(self, one: str, other: str) -> None:
        """Somebody says that they are not."""
        both = (customer_of(one), customer_of(other))
        await unmerge_customers(
            UnmergeCustomers(other_id=both[1], reason="mother and daughter"),
            customer_id=both[0],
            members=both,
            holds={},
            expected_version=None,
            by=LI,
            streams=self.store.streams,
        )
        await self.settle()

    async def erase(self, member: str, lake: Path) -> None:
        """A member is erased."""
        await erased(erasing_in(self.store, self._secrets, lake, NAMING), customer_id=customer_of(member))
        await self.settle()

    def members(self, key: str) -> int:
        """Return how many are in a segment."""
        assert self.work is not None
        return self.work.size(key)

    async def people_in(self, key: str) -> set[str]:
        """Return the profiles that are stored as members of a segment."""
        stored = await self.store.pool.fetch("SELECT numbers FROM segmenting.member WHERE key = $1", key)
        numbers = [number for row in stored for number in BitMap.deserialize(row["numbers"])]
        query = "SELECT customer_id::text AS one FROM segmenting.person WHERE number = ANY($1)"
        return {row["one"] for row in await self.store.pool.fetch(query, numbers)}

    def _clock(self) -> datetime:
        return self.now

    async def _define(self, _position: int) -> Sequence[Definition]:
        return list(self.definitions)

    def _watching(self, definitions: Sequence[Definition]) -> Watch:
        return Watch(definitions, self._world)


@asynccontextmanager
async def open_shop(settings: Settings, secrets: Secrets) -> AsyncIterator[WatchedShop]:
    """Open the shop over a migrated database, with the views the worker asks."""
    async with (
        open_event_store(settings.database_url, secrets.master_key) as store,
        Intake(store, NAMING) as intake,
        views(settings.database_url, *_FOLLOWED),
    ):
        connection = await asyncpg.connect(settings.database_url, server_settings={"timezone": "UTC"})
        await until(
            connection, "SELECT count(*) FROM projection_position WHERE name IN ('identity_graph', 'products')", 2
        )
        shop = WatchedShop(store, intake, settings, secrets, connection)
        try:
            yield shop
        finally:
            if shop.work is not None:
                await shop.work.close()
            await connection.close()
