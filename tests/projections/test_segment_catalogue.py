"""segment_catalogue: what a segment is, whom each version means, and which are live."""

from typing import Any

import asyncpg

from domain.segments.segment import Segment, segment_stream
from projections.engine.digest import digest
from projections.segment_catalogue import projector as segment_catalogue
from projections.segment_catalogue.queries import definitions, live, segment, segments, versions
from tests.domain.segments.test_segment import CREATED, CREATED_LIST, DEFINED, LIST, OTHER, RULE
from tests.projections.following import built, current
from tests.projections.log import Log

VIEW = segment_catalogue.PROJECTION
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
    assert [one.key for one in await segments(reading)] == ["friends"]
    assert [one.standing for one in await segments(reading, archived=True)] == ["defined", "archived"]
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
