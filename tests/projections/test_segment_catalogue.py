"""segment_catalogue: what a segment is, whom each version means, and which are live."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest

from domain.kernel.rules.history import History, Occurrence, Word
from domain.kernel.rules.judging import holds
from domain.kernel.rules.world import World
from domain.scoring.core import MODEL, core_segments
from domain.segments.segment import Segment, segment_stream
from projections.engine.digest import digest
from projections.segment_catalogue import projector as segment_catalogue
from projections.segment_catalogue.queries import definitions, live, segment, segments, versions
from projections.segment_catalogue.shipped import rule_of, shipped
from tests.domain.segments.test_segment import CREATED, CREATED_LIST, DEFINED, LIST, OTHER, RULE
from tests.projections.following import built, current
from tests.projections.log import Log

VIEW = segment_catalogue.PROJECTION
WORLD = World(zone=ZoneInfo("Asia/Shanghai"))
VIP, FRIENDS = segment_stream("vip"), segment_stream("friends")


async def test_a_segment_from_its_first_rule_to_its_end(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """What is live is asked for by the worker, what is not archived by rules that name segments."""
    log.append((VIP, CREATED), (VIP, DEFINED), (VIP, Segment.Activated()))
    log.append((VIP, Segment.Defined(segment_version=2, rule=OTHER)))
    told: dict[str, Any] = {"people": LIST.people, "path": LIST.path, "sha256": LIST.sha256, "origin": LIST.origin}
    friends = Segment.Created(
        key="friends", kind="static", name_zh="朋友", name_en="Friends", meaning_zh="", meaning_en="", owner=""
    )
    at = log.append((FRIENDS, friends), (FRIENDS, Segment.Listed(segment_version=1, **told)))
    await current(database, at, VIEW)
    vip = await segment(reading, "vip")
    assert vip
    assert (vip.standing, vip.kind, vip.words.name_en) == ("live", "dynamic", CREATED.name_en)
    assert vip.meant
    assert (vip.meant.segment_version, vip.meant.rule, vip.version) == (2, OTHER, 4)
    assert [one.rule for one in await versions(reading, "vip")] == [OTHER, RULE]
    assert [one.key for one in await live(reading)] == ["vip"]
    listed = (await definitions(reading))["friends"]
    assert listed.meant
    assert (listed.standing, listed.meant.people, listed.meant.origin) == ("defined", 3, {"upload": "vip.csv"})
    await current(database, log.append((VIP, Segment.Archived(reason="replaced"))), VIEW)
    assert [one.key for one in await segments(reading) if one.origin == "own"] == ["friends"]
    own = [one for one in await segments(reading, archived=True) if one.origin == "own"]
    assert [one.standing for one in own] == ["defined", "archived"]
    assert await segment(reading, "nobody") is None
    view = await digest(reading, VIEW, VIEW.name)
    for events in (1, 100):
        async with built(database, VIEW, purpose="pages", events=events) as copy:
            assert await digest(reading, VIEW, copy.name) == view


async def test_a_list_that_was_never_filled_means_nobody(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """It can be named, and is a draft."""
    await current(database, log.append((VIP, CREATED_LIST)), VIEW)
    found = await segment(reading, "vip")
    assert found
    assert (found.standing, found.meant) == ("draft", None)


async def test_core_segments_come_with_koi(database: str, log: Log, reading: asyncpg.Connection) -> None:
    """Listed among one's own by key and page; followed live, they have rows and versions like any other."""
    created = Segment.Created(
        key="da", kind="dynamic", name_zh="大", name_en="Da", meaning_zh="", meaning_en="", owner=""
    )
    await current(database, log.append((segment_stream("da"), created)), VIEW)
    listed = await segments(reading)
    assert [one.key for one in listed] == [*sorted(shipped()), "da"]
    pages = [await segments(reading, after=listed[place].key, limit=2) for place in (1, 3, 5)]
    assert [one.key for page in pages for one in page] == [one.key for one in listed[2:8]]
    lost = listed[[one.key for one in listed].index("core_lost")]
    assert (lost.origin, lost.standing, lost.version, lost.created_at) == ("shipped", "defined", 0, None)
    assert (await segment(reading, "core_lost")) == lost
    assert [one.defined_by for one in await versions(reading, "core_lost")] == ["koi"]
    assert (await definitions(reading))["core_lost"] == lost
    followed = Segment(segment_stream("core_lost"))
    followed.adopt("core_lost", lost.words, shipped()["core_lost"].rule)
    followed.activate()
    events = [(followed.id, event) for event in followed.collect_events()]
    await current(database, log.append(*events), VIEW)
    (live_one,) = await live(reading)
    assert (live_one.key, live_one.origin, live_one.standing, live_one.version) == ("core_lost", "shipped", "live", 3)
    assert [one.key for one in await segments(reading)] == [one.key for one in listed]


@pytest.mark.parametrize("core", list(core_segments()))
def test_a_core_segment_is_what_the_model_says_else_the_first_rule_that_holds(core: str) -> None:
    """On one person at a time: the eight are disjoint either way."""
    at = datetime(2026, 11, 26, tzinfo=UTC)
    spoken = History(profile_id="p", predictions={MODEL: (Word(at - timedelta(days=1), core),)})
    keys = list(core_segments())
    assert [key for key in keys if holds(rule_of(key), spoken, at, WORLD)] == [core]
    silent = msgspec.structs.replace(spoken, predictions={MODEL: (Word(at - timedelta(days=1), None),)})
    assert [key for key in keys if holds(rule_of(key), silent, at, WORLD)] == []
    visit = Occurrence(at - timedelta(days=1), 1, "product.viewed", {})
    new = msgspec.structs.replace(silent, events=[visit])
    assert [key for key in keys if holds(rule_of(key), new, at, WORLD)] == ["potential_new"]
