"""The library's stock ProjectionRunner on the view of customer_360: the same tables, one commit an event."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent, datetime_now_with_tzinfo
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from domain.kernel.ids import KOI

_CUSTOMERS = 2_000
_AT_ONCE = 100
_PATIENCE_SECONDS = 120.0
_TABLES = (
    """CREATE TABLE IF NOT EXISTS stock_activity (customer_id uuid, name text, events bigint, first_at timestamptz,
       last_at timestamptz, PRIMARY KEY (customer_id, name))""",
    """CREATE TABLE IF NOT EXISTS stock_money (customer_id uuid, currency text, orders bigint, amount bigint,
       PRIMARY KEY (customer_id, currency))""",
    """CREATE TABLE IF NOT EXISTS stock_purchase (customer_id uuid, occurred_at timestamptz, amount bigint)""",
)
_ACTIVITY = SQL(
    """INSERT INTO stock_activity AS a VALUES (%(customer_id)s, %(name)s, 1, %(at)s, %(at)s)
       ON CONFLICT (customer_id, name) DO UPDATE SET events = a.events + 1,
       first_at = least(a.first_at, excluded.first_at), last_at = greatest(a.last_at, excluded.last_at)"""
)
_MONEY = SQL(
    """INSERT INTO stock_money AS m VALUES (%(customer_id)s, 'CNY', 1, %(amount)s)
       ON CONFLICT (customer_id, currency) DO UPDATE SET orders = m.orders + 1, amount = m.amount + excluded.amount"""
)
_PURCHASE = SQL("INSERT INTO stock_purchase VALUES (%(customer_id)s, %(at)s, %(amount)s)")


@dataclass(frozen=True)
class Happened(DomainEvent):
    """One activity of one customer."""

    customer_id: UUID
    name: str
    at: datetime
    amount: int


class Shop(Application[UUID]):
    """An application whose notification log holds the activities."""

    name = "stock"


class Profiles(PostgresTrackingRecorder):
    """The view: counters of customers, with the tracking in the same transaction."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the tables with the library's own."""
        super().__init__(*args, **kwargs)
        self.sql_create_statements.extend(SQL(statement).format() for statement in _TABLES)

    def count(self, event: Happened, tracking: Tracking) -> None:
        """Count one activity."""
        row = {"customer_id": event.customer_id, "name": event.name, "at": event.at, "amount": event.amount}
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_ACTIVITY, row, prepare=True)
            if event.name == "order.completed":
                cursor.execute(_MONEY, row, prepare=True)
                cursor.execute(_PURCHASE, row, prepare=True)


class CountProfiles(Projection[Profiles]):
    """The projection: every event into the view."""

    name = "profiles"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Count it."""
        self.view.count(domain_event, tracking)


def rate(database_url: str, events: int) -> float:
    """Return how many events a second the stock runner projects."""
    environment = _environment(database_url)
    shop: Application[UUID] = Shop(environment)
    rng = random.Random(11)  # noqa: S311 - traffic, no secret
    made = [_event(number, rng) for number in range(events)]
    last = 0
    for at in range(0, events, _AT_ONCE):  # thousands at once hang in the library's pipelined insert
        last = shop.events.put(made[at : at + _AT_ONCE])[-1].notification.id
    shop.close()
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Shop, projection_class=CountProfiles, view_class=Profiles, env=environment
    ) as runner:
        runner.wait(last, timeout=_PATIENCE_SECONDS)
        return events / (time.perf_counter() - began)


def _event(number: int, rng: random.Random) -> Happened:
    customer_id = uuid5(KOI, f"stock{rng.randrange(_CUSTOMERS)}")
    name = rng.choice(("product.viewed", "product.viewed", "cart.item_added", "order.completed"))
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return Happened(
        originator_id=uuid5(KOI, f"event{number}"),
        originator_version=1,
        timestamp=datetime_now_with_tzinfo(),
        customer_id=customer_id,
        name=name,
        at=at,
        amount=rng.randrange(100, 20_000),
    )


def _environment(database_url: str) -> dict[str, str]:
    parts = conninfo_to_dict(database_url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts.get("dbname", "postgres")),
        "POSTGRES_HOST": str(parts.get("host", "localhost")),
        "POSTGRES_PORT": str(parts.get("port", "5432")),
        "POSTGRES_USER": str(parts.get("user", "postgres")),
        "POSTGRES_PASSWORD": str(parts.get("password") or "unused"),
    }
