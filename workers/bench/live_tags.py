"""`live-tags`: all tags of one person worked out from her history when asked, few and many things in it."""

import time
from datetime import UTC, datetime
from random import Random
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from domain.activity.fields import declared
from domain.activity.occurrences import Fact, Knowing, occurring
from domain.activity.vocabulary import Vocabulary
from domain.kernel.ids import KOI
from domain.kernel.rules.history import History
from domain.kernel.rules.judging import Plan
from domain.kernel.rules.resolving import Definitions, resolve
from domain.kernel.rules.world import World
from domain.tags.shipped import shipped
from projections.profile_history.facts import FactRow
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.segment_rules import activities

DEFAULT_ITEMS = 100
_FEW, _MANY = 300, 3_000
_NOW: Final = datetime(2026, 11, 2, 4, tzinfo=UTC)
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_body = msgspec.json.Decoder(dict[str, Any]).decode


class Person:
    """Somebody with so many facts in two years, as the fact log has them."""

    def __init__(self, facts: int, random: Random) -> None:
        """Make her up."""
        self._profile_id = uuid5(KOI, f"live-tags {facts}")
        self.rows = [_row(self._profile_id, number, *one) for number, one in enumerate(activities(random, facts, _NOW))]

    def read(self, knowing: Knowing) -> History:
        """Return her history, which begins without any field worked out."""
        seen = [occurring(_fact(row), knowing) for row in self.rows]
        items = [item for one in seen for item in one.items]
        return History(profile_id=str(self._profile_id), events=[one.event for one in seen], items=items)


async def live_tags(items: int) -> Report:
    """Measure her tags so many times with 3,000 facts (with 300 beside), each time from her rows."""
    random = Random(11)  # noqa: S311 - traffic, no secret
    vocabulary = Vocabulary.load()
    knowing = Knowing(zone=_ZONE, fields=declared(), vocabulary=vocabulary)
    world = World(zone=_ZONE, told=frozenset(kind.name for kind in vocabulary.kinds if not kind.behaviour))
    definitions = Definitions(tags={key: one.value for key, one in shipped().tags.items()})
    plan = Plan({}, {key: resolve(one, definitions) for key, one in definitions.tags.items()})
    began, busy = time.perf_counter(), time.process_time()
    few, many = (_timed(Person(facts, random), items, knowing, plan, world) for facts in (_FEW, _MANY))
    cpu = time.process_time() - busy
    median, least = percentile(many.tags, 0.50), percentile(many.reading, 0.50)
    return Report(
        bench="live-tags",
        value=median,
        unit=f"ms of the processor for all {len(plan.values)} tags of a person with {_MANY:,} facts at the median",
        floor=Floor("her rows decoded", least, "ms"),
        ratio=median / least,
        cpu_ms_per_item=cpu * 1000 / items,
        p50_ms=median,
        p95_ms=percentile(many.tags, 0.95),
        p99_ms=percentile(many.tags, 0.99),
        items=items,
        lost=0,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        further={
            f"with {_FEW:,} facts p50, ms": percentile(few.tags, 0.50),
            f"with {_FEW:,} facts p99, ms": percentile(few.tags, 0.99),
            f"with {_FEW:,} facts, her rows decoded p50, ms": percentile(few.reading, 0.50),
        },
    )


class _Times(msgspec.Struct, frozen=True):
    """Milliseconds of the processor for each time: her rows decoded, and all tags."""

    reading: list[float]
    tags: list[float]


def _timed(person: Person, times: int, knowing: Knowing, plan: Plan, world: World) -> _Times:
    found = _Times([], [])
    for _ in range(times):
        began = time.process_time()
        history = person.read(knowing)
        read = time.process_time()
        moment = plan.person(history, world).at(_NOW)
        for key in plan.values:
            plan.value_of(key, moment)
        found.reading.append((read - began) * 1000)
        found.tags.append((time.process_time() - read) * 1000)
    return found


def _row(profile_id: UUID, number: int, at: datetime, name: str, amount: int | None, body: dict[str, Any]) -> FactRow:
    currency = None if amount is None else "CNY"
    return FactRow(profile_id, number, at, name, "web", amount, currency, msgspec.json.encode(body).decode())


def _fact(row: FactRow) -> Fact:
    return Fact(row.fact_id, row.occurred_at, row.name, row.source, row.amount, row.currency, _body(row.body))
