"""Read customer_360: the rows of a profile's members folded into one."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from projections.customer_360.facts import RECORDS, SIGNS
from projections.customer_360.folding import Attribute
from projections.customer_360.folding import attributes as folded
from projections.engine.projection import Reading

WINDOWS = (7, 30, 90, 365)

_ACTIVITIES = """
    SELECT customer_id, name, events, first_at, last_at FROM customer_360.activity WHERE customer_id = ANY($1)
"""
_ALL_TIME = "SELECT customer_id, currency, orders, amount FROM customer_360.money WHERE customer_id = ANY($1)"
_PURCHASES = """
    SELECT customer_id, occurred_at, orders, amount, currency FROM customer_360.purchase
    WHERE customer_id = ANY($1) AND occurred_at > $2 AND occurred_at <= $3
"""
# A purchase that was withdrawn, or refunded in the same instant, is none.
_LAST_ORDERS = """
    SELECT customer_id, max(occurred_at) AS at FROM (
        SELECT customer_id, occurred_at FROM customer_360.purchase WHERE customer_id = ANY($1)
        GROUP BY customer_id, occurred_at HAVING sum(orders) > 0
    ) AS bought GROUP BY customer_id
"""
_ATTRIBUTES = """
    SELECT customer_id, key, value, sealed, occurred_at, position FROM customer_360.attribute
    WHERE customer_id = ANY($1)
"""
_WORDS = """
    SELECT customer_id, key, kind, value, sealed, occurred_at, position FROM customer_360.word
    WHERE customer_id = ANY($1)
"""
_CLEARINGS = "SELECT customer_id, occurred_at FROM customer_360.clearing WHERE customer_id = ANY($1)"
_CONSENTS = """
    SELECT customer_id, channel, purpose, state, text_version, source, is_proven, occurred_at FROM customer_360.consent
    WHERE customer_id = ANY($1)
"""


class Activities(msgspec.Struct, frozen=True, kw_only=True):
    """All activities of one name."""

    name: str
    events: int
    first_at: datetime
    last_at: datetime


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid in one currency, less refunds: `amount` in minor units, `orders` purchases less refunds."""

    currency: str
    orders: int
    amount: int


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Frequency and monetary value of the last `days` (None: of all time); orders without an amount count too."""

    days: int | None
    orders: int
    money: tuple[Money, ...]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The last word on a channel and purpose; not proven is a grant that a list without evidence tells of."""

    channel: str
    purpose: str
    state: str
    text_version: str
    source: str
    is_proven: bool
    occurred_at: datetime


class Customer360(msgspec.Struct, frozen=True, kw_only=True):
    """A profile at a glance; recency is the time since `last_order_at`."""

    profile_id: UUID
    members: tuple[UUID, ...]
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    events: int
    last_order_at: datetime | None
    activities: tuple[Activities, ...]
    windows: tuple[Window, ...]
    attributes: tuple[Attribute, ...]
    consents: tuple[Consent, ...]

    @property
    def purchase_interval_days(self) -> float | None:
        """The days between two purchases on average, None of somebody who bought once or never."""
        bought = [one for one in self.activities if SIGNS.get(one.name) == 1]
        orders = sum(one.events for one in bought)
        if orders <= 1:
            return None
        between = max(one.last_at for one in bought) - min(one.first_at for one in bought)
        return round(between / timedelta(days=1) / (orders - 1), 1)


async def profile(reading: Reading, profile_id: UUID, members: Collection[UUID], now: datetime) -> Customer360:
    """Return the profile made of these customers as of `now` (UTC)."""
    return (await profiles(reading, {profile_id: members}, now))[0]


async def profiles(reading: Reading, members: Mapping[UUID, Collection[UUID]], now: datetime) -> list[Customer360]:
    """Return each profile as of `now` (UTC), in the order given; a customer nothing is known of yields an empty one."""
    customers = sorted({customer for group in members.values() for customer in group})
    activities = _grouped(await reading.fetch(_ACTIVITIES, customers))
    all_time = _grouped(await reading.fetch(_ALL_TIME, customers))
    since = now - timedelta(days=max(WINDOWS))
    purchases = _grouped(await reading.fetch(_PURCHASES, customers, since, now))
    orders = _grouped(await reading.fetch(_LAST_ORDERS, customers))
    attributes = await attributes_of(reading, members)
    consents = _grouped(await reading.fetch(_CONSENTS, customers))
    found = []
    for profile_id, group in members.items():
        did = _activities(_of(activities, group))
        done = [one for one in did if one.name not in RECORDS]
        bought = _of(purchases, group)
        found.append(
            Customer360(
                profile_id=profile_id,
                members=tuple(sorted(group)),
                first_seen_at=min((one.first_at for one in done), default=None),
                last_seen_at=max((one.last_at for one in done), default=None),
                events=sum(one.events for one in done),
                last_order_at=max((row["at"] for row in _of(orders, group)), default=None),
                activities=did,
                windows=(*(_window(days, bought, now) for days in WINDOWS), _ever(did, _of(all_time, group))),
                attributes=attributes[profile_id],
                consents=_consents(_of(consents, group)),
            )
        )
    return found


async def attributes_of(
    reading: Reading, members: Mapping[UUID, Collection[UUID]]
) -> dict[UUID, tuple[Attribute, ...]]:
    """Return the attributes of each profile, given the customers it is made of."""
    customers = sorted({customer for group in members.values() for customer in group})
    bases = _grouped(await reading.fetch(_ATTRIBUTES, customers))
    words = _grouped(await reading.fetch(_WORDS, customers))
    clearings = _grouped(await reading.fetch(_CLEARINGS, customers))
    found = {}
    for profile_id, group in members.items():
        cleared_at = max((row["occurred_at"] for row in _of(clearings, group)), default=None)
        found[profile_id] = folded(_of(bases, group), _of(words, group), cleared_at)
    return found


def _grouped(rows: Iterable[asyncpg.Record]) -> dict[UUID, list[asyncpg.Record]]:
    grouped: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        grouped.setdefault(row["customer_id"], []).append(row)
    return grouped


def _of(rows: Mapping[UUID, list[asyncpg.Record]], members: Collection[UUID]) -> list[asyncpg.Record]:
    return [row for member in members for row in rows.get(member, ())]


def _activities(rows: Iterable[asyncpg.Record]) -> tuple[Activities, ...]:
    by_name: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        by_name.setdefault(row["name"], []).append(row)
    folded = [
        Activities(
            name=name,
            events=sum(row["events"] for row in same),
            first_at=min(row["first_at"] for row in same),
            last_at=max(row["last_at"] for row in same),
        )
        for name, same in by_name.items()
    ]
    left = [one for one in folded if one.events > 0]  # the rest was withdrawn
    return tuple(sorted(left, key=lambda one: (one.last_at, one.name), reverse=True))


def _window(days: int, purchases: Iterable[asyncpg.Record], now: datetime) -> Window:
    since = now - timedelta(days=days)
    inside = [row for row in purchases if row["occurred_at"] > since]
    return Window(days=days, orders=sum(row["orders"] for row in inside), money=_money(inside))


def _ever(activities: Iterable[Activities], money: Iterable[asyncpg.Record]) -> Window:
    orders = sum(SIGNS.get(one.name, 0) * one.events for one in activities)
    return Window(days=None, orders=orders, money=_money(money))


def _money(rows: Iterable[asyncpg.Record]) -> tuple[Money, ...]:
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        if row["currency"] is not None and row["amount"] is not None:
            orders, amount = sums.get(row["currency"], (0, 0))
            sums[row["currency"]] = (orders + row["orders"], amount + row["amount"])
    return tuple(
        Money(currency=currency, orders=orders, amount=amount) for currency, (orders, amount) in sorted(sums.items())
    )


def _consents(rows: Iterable[asyncpg.Record]) -> tuple[Consent, ...]:
    # Of two words said at the same instant, "withdrawn" sorts last and so prevails: in doubt nobody is written to.
    last: dict[tuple[str, str], asyncpg.Record] = {}
    for row in sorted(rows, key=lambda row: (row["channel"], row["purpose"], *_weight(row))):
        last[row["channel"], row["purpose"]] = row
    return tuple(
        Consent(
            channel=row["channel"],
            purpose=row["purpose"],
            state=row["state"],
            text_version=row["text_version"],
            source=row["source"],
            is_proven=row["is_proven"],
            occurred_at=row["occurred_at"],
        )
        for row in last.values()
    )


def _weight(row: asyncpg.Record) -> tuple[bool, datetime, str]:
    return (row["is_proven"], row["occurred_at"], row["state"])
