"""What a page of the log says about people: what they did, what was said of them, and who became somebody else."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from domain.activity.withdrawing import WITHDRAWN
from domain.identity.customer import Customer
from domain.identity.rule_book import RuleBook
from projections.engine.page import Entry, Page
from projections.identity_graph.changes import TOPICS as IDENTITY
from projections.profile_history.facts import FactRow
from workers.segmenting.watching import COUNTING, Watch

_FACTS: Final = """
    SELECT customer_id, fact_id, occurred_at, name, source, amount, currency, body::text AS body FROM fact_log
    WHERE recorded_at BETWEEN $1 AND $2 AND fact_id BETWEEN $3 AND $4 AND ($5::text[] IS NULL OR name = ANY($5))
    ORDER BY occurred_at, fact_id
"""
# Counters are attributes, and what is taken back was in the history.
_ALWAYS: Final = (COUNTING, WITHDRAWN)
_ABOUT_CUSTOMERS: Final = "customer."


class _Meta(msgspec.Struct):
    occurred_at: datetime


class _Claim(msgspec.Struct):
    id: UUID


class _Said(msgspec.Struct):
    meta: _Meta
    claims: tuple[_Claim, ...] = ()
    other_id: UUID | None = None
    withdrawn: tuple[UUID, ...] = ()


_decode = msgspec.json.Decoder(_Said).decode


class Seen(msgspec.Struct, kw_only=True):
    """What is said of one customer: facts in the order of time, words with their instants, changes of who it is."""

    rows: list[FactRow] = []
    words: list[datetime] = []
    joined: datetime | None = None


class Tidings(msgspec.Struct, kw_only=True):
    """All that a page says; `identifiers` are those that were claimed, which may join or part others."""

    customers: dict[UUID, Seen] = {}
    identifiers: set[UUID] = set()
    erased: set[UUID] = set()
    everybody: datetime | None = None
    """Since then other rules decide who is one person."""

    @property
    def latest(self) -> datetime | None:
        """When anybody became somebody else last."""
        instants = [seen.joined for seen in self.customers.values() if seen.joined]
        return max([*instants, *([self.everybody] if self.everybody else [])], default=None)

    def of(self, customer_id: UUID) -> Seen:
        """Return what is said of a customer."""
        return self.customers.setdefault(customer_id, Seen())


async def tidings(connection: asyncpg.Connection, page: Page, watch: Watch) -> Tidings:
    """Return what the page says that may concern any segment."""
    found = Tidings()
    for entry in page.entries:
        if entry.topic.startswith(_ABOUT_CUSTOMERS) or entry.topic == RuleBook.Adopted.TOPIC:
            _take(entry, found)
    names = watch.names
    wanted = None if names is None else sorted({*names, *_ALWAYS})
    for bounds in (facts.bounds for facts in page.fact_ranges):
        for row in await connection.fetch(_FACTS, *bounds, wanted):
            if names is not None or row["name"] in _ALWAYS or watch.concerned_by(row["name"]):
                found.of(row["customer_id"]).rows.append(FactRow(*row))
    return found


def _take(entry: Entry, found: Tidings) -> None:
    said = _decode(entry.state)
    at = said.meta.occurred_at
    if entry.topic == RuleBook.Adopted.TOPIC:
        found.everybody = at
    elif entry.topic in IDENTITY:
        for customer_id in _ends(entry, said):
            seen = found.of(customer_id)
            seen.joined = max(at, seen.joined or at)
        found.identifiers.update(claim.id for claim in said.claims)
        if entry.topic == Customer.Erased.TOPIC:
            found.erased.add(entry.stream_id)
    else:
        found.of(entry.stream_id).words.append(at)


def _ends(entry: Entry, said: _Said) -> Iterable[UUID]:
    yield entry.stream_id
    if said.other_id:
        yield said.other_id
    yield from said.withdrawn


def reload_needed(rows: Collection[FactRow]) -> bool:
    """Whether the facts change what was known before: counters, and what is taken back."""
    return any(row.name in _ALWAYS for row in rows)
