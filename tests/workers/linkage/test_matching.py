"""Pairs that look like one person: proposed once, decided by people, undone exactly."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest

from commands.identity.matches import AcceptMatch, RejectMatch, accept_match, reject_match, undo_match
from commands.runtime.context import Context
from domain.identity.match import MatchStateError
from domain.kernel.errors import StaleVersionError
from projections.engine.digest import digest
from projections.engine.verify import verify
from projections.identity_graph.projector import PROJECTION as IDENTITY_GRAPH
from projections.identity_graph.queries import holds_around, members_of, profile_of
from projections.match_review import queries
from projections.match_review.queries import ReviewedMatch
from tests.workers.linkage.conftest import VIEWS, Shop
from workers.linkage.model import read_model

_CAUSE = """
    SELECT convert_from(state, 'utf8')::json->'meta'->>'causation_id' FROM decision_log
    WHERE topic = 'customer.merged.v1'
"""
TOLD: dict[str, Any] = {"expected_version": None, "by": Context(actor="li")}


async def _queue(shop: Shop) -> list[ReviewedMatch]:
    return await queries.matches(shop.store.pool, "proposed", limit=500)


async def _graph(shop: Shop) -> str:
    connection = await asyncpg.connect(shop.database)
    try:
        return (await digest(connection, IDENTITY_GRAPH, IDENTITY_GRAPH.name)).sha256
    finally:
        await connection.close()


async def test_who_is_on_record_twice_is_proposed_once_and_what_people_decide_stays_decided(shop: Shop) -> None:
    """Most pairs are found, nearly all proposed are right; what was undone or rejected never comes again."""
    came, again = await shop.run(), await shop.run()
    queue = await _queue(shop)
    right = [one for one in queue if frozenset((one.left_id, one.right_id)) in shop.truth]
    assert came.proposed == len(queue) > len(shop.truth) * 0.7
    assert len(right) >= len(queue) * 0.9
    assert (again.proposed, again.withdrawn) == (0, 0)
    assert queue == sorted(queue, key=lambda one: -one.weight)
    await _says_nothing_personal(shop, queue[0])

    await _accepted_and_undone(shop, queue[0])
    reject = RejectMatch(reason="namesakes")
    await reject_match(reject, match_id=queue[1].id, streams=shop.store.streams, **TOLD)
    last = await shop.run()

    assert (last.proposed, last.withdrawn) == (0, 0)
    assert {one.id for one in await _queue(shop)} == {one.id for one in queue[2:]}
    for decided in queue[:2]:
        with pytest.raises(MatchStateError, match="rejected"):
            await accept_match(AcceptMatch(), match_id=decided.id, streams=shop.store.streams, **TOLD)


async def _says_nothing_personal(shop: Shop, surest: ReviewedMatch) -> None:
    """Reasons are levels and weights: no name stands in the log."""
    assert {reason.field: reason.level for reason in surest.reasons}["name"] == "same"
    log = await shop.store.pool.fetch("SELECT state FROM decision_log WHERE topic = 'match.proposed.v1'")
    assert not any(name in bytes(row["state"]).decode() for row in log for name in "王李张刘")


async def _accepted_and_undone(shop: Shop, match: ReviewedMatch) -> None:
    """The merge names the match as its cause; taken back, every byte of the graph is what it was."""
    before = await _graph(shop)
    await accept_match(AcceptMatch(note="same face"), match_id=match.id, streams=shop.store.streams, **TOLD)
    await shop.seen()
    joined = await profile_of(shop.store.pool, [match.left_id, match.right_id])
    ((_, members),) = {*(await members_of(shop.store.pool, [match.left_id])).values()}
    assert len(set(joined.values())) == 1
    assert await shop.store.pool.fetchval(_CAUSE) == f"match:{match.id}"
    undone: dict[str, Any] = {"members": members, "holds": await holds_around(shop.store.pool, members)}
    await undo_match(RejectMatch(reason="twins"), match_id=match.id, streams=shop.store.streams, **undone, **TOLD)
    await shop.seen()
    shown = await queries.match_of(shop.store.pool, match.id)
    assert await _graph(shop) == before
    assert shown is not None
    assert (shown.state, shown.words) == ("rejected", "twins")


async def test_of_two_who_decide_at_once_one_decides_and_what_is_not_supported_goes(shop: Shop) -> None:
    """One of the two is told that it came too late; a stricter model takes the rest back; the views are sound."""
    came = await shop.run()
    matches = (await _queue(shop))[:5]
    streams = shop.store.streams

    outcomes = await asyncio.gather(
        *(accept_match(AcceptMatch(), match_id=one.id, streams=streams, **TOLD) for one in matches),
        *(reject_match(RejectMatch(reason="no"), match_id=one.id, streams=streams, **TOLD) for one in matches),
        return_exceptions=True,
    )
    await shop.seen()

    failed = [one for one in outcomes if isinstance(one, BaseException)]
    assert len(failed) == len(matches)
    assert all(isinstance(one, MatchStateError | StaleVersionError) for one in failed)
    for one in matches:
        shown = await queries.match_of(shop.store.pool, one.id)
        together = len(set((await profile_of(shop.store.pool, [one.left_id, one.right_id])).values())) == 1
        assert shown is not None
        assert shown.state == ("accepted" if together else "rejected")
    strict = msgspec.structs.replace(read_model("people"), weight=1000.0)
    assert (await shop.run(strict)).withdrawn == came.proposed - len(matches)
    assert await _queue(shop) == []
    for view in VIEWS:
        assert (await verify(shop.database, view)).equal


async def test_nothing_merges_by_score_alone_unless_it_is_declared(shop: Shop) -> None:
    """With a declared threshold the sure ones merge, marked as nobody's decision; undoing works the same."""
    sure = msgspec.structs.replace(read_model("people"), auto_accept=0.9999)

    came = await shop.run(sure)

    accepted = await queries.matches(shop.store.pool, "accepted", limit=500)
    assert came.accepted == len(accepted) > 0
    assert {one.decided_by for one in accepted} == {"auto_accept"}
    assert all(one.probability >= 0.9999 for one in accepted)
    assert read_model("people").auto_accept is None

    nobody = msgspec.structs.replace(read_model("people"), learn_from=(("unique_id",),))
    assert (await shop.run(nobody)).pairs == 0  # nothing to learn from is no error
