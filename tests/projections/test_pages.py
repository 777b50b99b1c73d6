"""Pages of the log, and where their facts lie."""

from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.activity.sealing import FactsSealed
from domain.identity.customer import Customer
from domain.kernel.event import upcasters
from projections.engine.page import Seal, coalesced, read_page
from tests.projections.log import NOON, Log, a_fact, customer_id

CONSENT = Customer.ConsentChanged.TOPIC


async def test_a_page_ends_before_it_holds_too_many_facts(log: Log, reading: asyncpg.Connection) -> None:
    """Whatever fits, and at least one batch."""
    for _ in range(4):
        log.seal(a_fact("li"), a_fact("wang"))
    log.seal(*(a_fact("li") for _ in range(9)))

    first = await read_page(reading, 0, facts=5)
    second = await read_page(reading, first.upto, facts=5)
    third = await read_page(reading, second.upto, facts=5)

    assert [(page.after, page.upto, page.facts, page.is_full) for page in (first, second, third)] == [
        (0, 2, 4, True),
        (2, 4, 4, True),
        (4, 5, 9, False),
    ]


async def test_a_page_ends_where_it_is_told_to(log: Log, reading: asyncpg.Connection) -> None:
    """At a number of events, or at a position."""
    for _ in range(5):
        log.consent("li")

    page = await read_page(reading, 1, events=2)
    rest = await read_page(reading, page.upto, upto=4)
    beyond = await read_page(reading, 5)

    assert [entry.position for entry in page.entries] == [2, 3]
    assert [entry.position for entry in rest.entries] == [4]
    assert (beyond.is_empty, beyond.upto) == (True, 5)


async def test_events_nobody_asked_for_still_move_the_position(log: Log, reading: asyncpg.Connection) -> None:
    """Their content stays in the database."""
    log.consent("li")
    log.describe("li", city="Shanghai")
    log.seal(a_fact("li"))

    page = await read_page(reading, 0, topics={CONSENT})

    assert [bool(entry.state) for entry in page.entries] == [True, False, False]
    assert (page.upto, page.facts, page.fact_ranges) == (3, 0, [])
    assert page.has({CONSENT})
    assert page.has_others({CONSENT})
    assert not page.has({"coupon.issued.v1"})


async def test_a_retired_version_of_an_event_is_read_as_its_successor(
    log: Log, reading: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Views know the newest version only; the log keeps what it has."""

    def renamed(document: dict[str, Any]) -> dict[str, Any]:
        return document | {"channel": document.pop("medium")}

    monkeypatch.setitem(upcasters, "customer.consent_changed.v0", (CONSENT, renamed))
    log.consent("li")
    await reading.execute(
        """
        INSERT INTO decision_log (originator_id, originator_version, topic, state)
        VALUES ($1, 2, 'customer.consent_changed.v0', '{"medium": "sms"}'::text::bytea)
        """,
        customer_id("li"),
    )

    for page in (await read_page(reading, 0), await read_page(reading, 0, topics={CONSENT})):
        assert [msgspec.json.decode(entry.state)["channel"] for entry in page.of(CONSENT)] == ["email", "sms"]
        assert page.entries[1].topic == "customer.consent_changed.v0"
    unwanted = await read_page(reading, 0, topics={FactsSealed.TOPIC})
    assert unwanted.has({CONSENT})


COUNTS = st.lists(st.integers(1, 9), max_size=12)


@given(counts=COUNTS, gaps=st.lists(st.booleans(), min_size=12, max_size=12), chance=st.randoms())
def test_ranges_cover_every_sealed_fact_once_and_no_other(counts: list[int], gaps: list[bool], chance: Random) -> None:
    """Batches with contiguous ids are one range; a gap between them is somebody else's, or nobody's."""
    seals, first_id = [], 1
    for number, count in enumerate(counts):
        first_id += 100 * gaps[number]
        recorded_at = NOON + timedelta(seconds=number)
        seals.append(Seal(first_id, first_id + count - 1, count, recorded_at))
        first_id += count
    chance.shuffle(seals)

    ranges = coalesced(seals)

    covered = [fact_id for found in ranges for fact_id in range(found.first_id, found.last_id + 1)]
    assert covered == sorted(fact_id for seal in seals for fact_id in range(seal.first_id, seal.last_id + 1))
    assert len(ranges) == (1 + sum(gaps[1 : len(counts)]) if counts else 0)
    for seal in seals:
        (inside,) = (found for found in ranges if found.first_id <= seal.first_id <= found.last_id)
        assert inside.recorded_from <= seal.recorded_at <= inside.recorded_to
