"""`segment-live`: does this event change any of 200 live segments of this customer; and how soon is that told."""

import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.fields import declared
from domain.activity.occurrences import Fact, Knowing, Occurring, occurring
from domain.activity.vocabulary import Vocabulary
from domain.kernel.ids import KOI
from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.world import World
from projections.profile_history.facts import FactRow
from workers.bench import floors
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.segment_filling import fill, told_of_filling
from workers.bench.segment_rules import activities, activity, rules
from workers.bench.segment_telling import told_end_to_end
from workers.bench.stack import running
from workers.segmenting.concerning import by_series
from workers.segmenting.keeping import Standing
from workers.segmenting.membership import Membership
from workers.segmenting.step import Concern, Step
from workers.segmenting.subject import Subject
from workers.segmenting.watching import Definition, Watch

DEFAULT_ITEMS = 20_000
_CUSTOMERS: Final = 300
# So many people's first members are found for each event that is decided.
_PEOPLE_AN_ITEM: Final = 5
_FEWEST, _MOST = 20, 2_000
_BEGIN: Final = datetime(2026, 11, 2, 4, tzinfo=UTC)
_APART: Final = timedelta(milliseconds=200)
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_body = msgspec.json.Decoder(dict[str, Any]).decode


class Customers:
    """Customers in memory, laid out for all segments, as the worker keeps them."""

    def __init__(self, random: Random) -> None:
        """Make them, with between 20 and 2,000 events each, most of them few."""
        self._random = random
        self._knowing = Knowing(zone=_ZONE, fields=declared(), vocabulary=Vocabulary.load())
        told = frozenset(kind.name for kind in self._knowing.vocabulary.kinds if not kind.behaviour)
        definitions = [Definition(key=key, version=1, rule=rule) for key, rule in rules().items()]
        self.watch = Watch(definitions, World(zone=_ZONE, told=told))
        self.membership = Membership()
        self.standings = {one.key: Standing(key=one.key, version=1, digest="", began_at=_BEGIN) for one in definitions}
        self._facts = 0
        self.subjects = [self._customer(number) for number in range(_CUSTOMERS)]
        step = Step(self.watch, self.membership, self.standings, _BEGIN)
        for subject in self.subjects:
            step.first(subject, self.watch.keys)

    def row(self, subject: Subject, at: datetime) -> FactRow:
        """Return something the customer does."""
        return self._row(subject.profile_id, at, *activity(self._random))

    def occurring(self, row: FactRow) -> Occurring:
        """Return the fact as rules look at it: its body is decoded here."""
        named = (row.fact_id, row.occurred_at, row.name, row.source, row.amount, row.currency)
        return occurring(Fact(*named, _body(row.body)), self._knowing)

    def _customer(self, number: int) -> Subject:
        profile_id = uuid5(KOI, f"segment-live {number}")
        size = int(_FEWEST * (_MOST / _FEWEST) ** self._random.random())
        seen = [self.occurring(self._row(profile_id, *one)) for one in activities(self._random, size, _BEGIN)]
        items: list[Occurrence] = [item for one in seen for item in one.items]
        history = History(
            profile_id=str(profile_id),
            events=[one.event for one in seen],
            items=items,
            attributes={"city": (Word(_BEGIN - timedelta(days=800), self._random.choice(["上海", "杭州", "北京"])),)},
            tags={("crm", "vip", ""): (Word(_BEGIN - timedelta(days=90), value=True),)} if number % 3 == 0 else {},
            customers=frozenset({str(profile_id)}),
        )
        subject = Subject(profile_id, number, self.watch.person(history), stored=None)
        subject.swept = seen[-1].event.occurred_at
        return subject

    def _row(self, profile_id: UUID, at: datetime, name: str, amount: int | None, body: dict[str, Any]) -> FactRow:
        self._facts += 1
        currency = None if amount is None else "CNY"
        return FactRow(profile_id, self._facts, at, name, "web", amount, currency, msgspec.json.encode(body).decode())


class Decided(msgspec.Struct, frozen=True):
    """How long each decision took (ms), the processor's time for all of them (s), and how many changes there were."""

    each: list[float]
    cpu_seconds: float
    changes: int


def decide(customers: Customers, items: int, random: Random) -> Decided:
    """Let events come one by one: decode, add to the history, judge what it concerns, find when that turns next."""
    each, changes, cpu, now = [], 0, 0.0, _BEGIN
    for _ in range(items):
        now += _APART * random.random() * 2
        subject = random.choice(customers.subjects)
        row = customers.row(subject, now)
        busy, began = time.process_time(), time.perf_counter()
        found = customers.occurring(row)
        concern = Concern()
        by_series(subject, concern, [row], {row.fact_id: (found.event, found.items)}, customers.watch)
        step = Step(customers.watch, customers.membership, customers.standings, now)
        step.take(subject, concern)
        each.append((time.perf_counter() - began) * 1000)
        cpu += time.process_time() - busy
        changes += len(step.changes)
        customers.membership.changed()
    return Decided(each, cpu, changes)


def bare_ms(customers: Customers, items: int) -> float:
    """Return the least an event costs: its body decoded, its customer found in a dict."""
    by_id = {subject.profile_id: subject for subject in customers.subjects}
    rows = [customers.row(subject, _BEGIN) for subject in customers.subjects]
    began = time.perf_counter()
    for number in range(items):
        row = rows[number % len(rows)]
        _body(row.body)
        by_id.get(row.customer_id)
    return (time.perf_counter() - began) / items * 1000


async def segment_live(items: int) -> Report:
    """Measure decisions in memory, then from an event posted to the entering it leads to in the log."""
    random = Random(11)  # noqa: S311 - traffic, no secret
    customers = Customers(random)
    began = time.perf_counter()
    decided = decide(customers, items, random)
    seconds = time.perf_counter() - began
    bare = bare_ms(customers, items)
    async with running() as stack:
        told = await told_end_to_end(stack)
        commit = await floors.commit_ms(stack.settings.database_url)
    filled = await fill(items * _PEOPLE_AN_ITEM)
    median = percentile(decided.each, 0.50)
    floor = Floor("one durable commit", commit, "ms")
    return Report(
        bench="segment-live",
        value=median,
        unit="ms a decision over 200 segments at the median",
        floor=floor,
        ratio=median / commit,
        cpu_ms_per_item=decided.cpu_seconds * 1000 / items,
        p50_ms=median,
        p95_ms=percentile(decided.each, 0.95),
        p99_ms=percentile(decided.each, 0.99),
        items=items,
        lost=told.lost,
        duplicated=told.duplicated,
        seconds=seconds,
        load=load(),
        further={
            "decisions p50, ms": median,
            "decisions p99, ms": percentile(decided.each, 0.99),
            "changes of membership": float(decided.changes),
            "body decoded and customer found in a dict, ms": bare,
            "posted to entered in the log p50, ms": percentile(told.latencies, 0.50),
            "posted to entered in the log p99, ms": percentile(told.latencies, 0.99),
            "windows expired: instant to left in the log p99, ms": percentile(told.leaving, 0.99),
            **told_of_filling(filled),
        },
    )
