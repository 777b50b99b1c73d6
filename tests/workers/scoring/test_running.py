"""Models over a real log and lake: trained, promoted, let score, found again at a person; blind to what comes later."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from commands.runtime.context import Context
from commands.runtime.event_store import EventStore, open_event_store
from commands.runtime.facts import FactRow
from commands.runtime.secrets import Secrets
from commands.runtime.settings import Settings
from commands.scoring.promoting import PromoteModel, RetireModel, promote_model, retire_model
from domain.context.calendar import Calendar
from domain.scoring.errors import KindChangedError, KnowsTheFutureError
from domain.scoring.model import Model, model_stream
from domain.scoring.rfm import CutPoints
from projections.batch.place import Place
from projections.core_report.queries import core_report
from projections.identity_graph import projector as identity_graph
from projections.lake.projector import lake_at
from projections.lake.store import UrlStore
from projections.model_scorecard import projector as model_scorecard
from projections.model_scorecard.queries import scorecard
from projections.predictions.queries import predictions_of, words_of
from projections.products import projector as products
from projections.segment_catalogue import projector as segment_catalogue
from projections.segment_members.everybody import Everybody
from projections.tag_catalogue import projector as tag_catalogue
from tests.projections.following import current
from tests.projections.log import Log, an_order, customer_id
from workers.scoring import running
from workers.scoring.core.asking import to_review
from workers.scoring.evaluating import NothingToEvaluateError, evaluate
from workers.scoring.kind import ParameterError
from workers.scoring.opening import scoring_over
from workers.scoring.role import last_night, next_night, run_night
from workers.scoring.running import NobodySpeaksError, Scoring

BY = Context(actor="scoring")
AT = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
LATER = AT + timedelta(days=7)
CUSTOMERS = 150


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings over this test's database and a lake of its own."""
    home = {"KOI_HOME": str(tmp_path / "koi")}
    return Settings.build(home, database_url=database, nats_url="nats://127.0.0.1:1")


@pytest.fixture
async def store(settings: Settings, secrets: Secrets) -> AsyncIterator[EventStore]:
    """An open event store."""
    async with open_event_store(settings.database_url, secrets.master_key, pool_size=4) as opened:
        yield opened


def purchases() -> list[FactRow]:
    """A year of a small shop: every customer at her own pace, some of whom are gone."""
    rng = np.random.default_rng(4)
    rows = []
    for number in range(CUSTOMERS):
        pace, last = rng.gamma(2.0, 12.0) + 2, rng.integers(30, 190)
        day = float(rng.integers(200, 365))
        while day > (0 if number % 3 else last):
            fen = int(rng.gamma(4.0, 2_000.0)) + 100
            rows.append(an_order(f"c{number}", fen, at=AT - timedelta(days=day)))
            day -= rng.exponential(pace)
    return rows


async def laid(log: Log, settings: Settings, rows: list[FactRow]) -> int:
    """Put facts into the log and keep the views."""
    position = log.seal(*rows)
    views = (
        identity_graph.PROJECTION,
        products.PROJECTION,
        model_scorecard.PROJECTION,
        segment_catalogue.PROJECTION,
    )
    await current(settings.database_url, position, *views, lake_at(settings.lake_url, settings.database_url))
    return position


@pytest.fixture
async def work(settings: Settings, store: EventStore) -> AsyncIterator[Scoring]:
    """A shop whose history lies in log and lake."""
    log = Log(settings.database_url)
    for number in range(CUSTOMERS):
        log.register(f"c{number}")
    await laid(log, settings, purchases())
    yield await scoring_over(store, settings, by=BY)
    log.close()


async def speaking(work: Scoring, key: str, version: int) -> None:
    """Promote a version."""
    command = PromoteModel(key=key, model_version=version, reason="better")
    await promote_model(command, streams=work.store.streams, by=BY)


async def shown(work: Scoring, settings: Settings) -> None:
    """Let the scorecard, and the tags beside it, come to the head of the log."""
    head = await work.store.pool.fetchval("SELECT max(notification_id) FROM decision_log")
    await current(settings.database_url, head, model_scorecard.PROJECTION, tag_catalogue.PROJECTION)


async def test_a_model_is_trained_promoted_and_speaks_of_a_person(work: Scoring, settings: Settings) -> None:
    """From the lake to the words that rules judge; the same run again is the same file, and replaces itself."""
    version, training = await running.train(work, "value", "btyd", AT, {"horizon_days": 60})
    assert (version, training.rows) == (1, CUSTOMERS)
    assert training.metrics["proof_gini"] > 0.3
    with pytest.raises(NobodySpeaksError):
        await running.score(work, "value", AT)
    await speaking(work, "value", 1)
    first = await running.score(work, "value", AT)
    assert (first.rows, first.is_live, first.drifted) == (CUSTOMERS, True, False)
    assert (await running.score(work, "value", AT)).sha256 == first.sha256
    later = await running.score(work, "value", LATER)
    with pytest.raises(KnowsTheFutureError):
        await running.score(work, "value", AT - timedelta(days=1))
    await shown(work, settings)
    pool, one = work.store.pool, customer_id("c7")
    words = (await words_of(pool, {one: [one]}))[one]
    assert [word.since for word in words["value"]] == [AT, LATER]
    (said,) = await predictions_of(pool, one, [one])
    assert said.further.keys() == {"p_alive", "purchases", "order_value"}
    assert len(said.reasons) == 3
    table = work.files.scores(later.path, later.sha256)
    row = table["profile_id"].to_pylist().index(str(one))
    assert table["value"][row].as_py() == pytest.approx(said.value)


async def test_what_comes_later_changes_nothing(work: Scoring, settings: Settings, store: EventStore) -> None:
    """Orders after the instant that would give everything away: the same artefact, the same scores."""
    _, before = await running.train(work, "rfm", "rfm", AT, {})
    days = await asyncio.to_thread(work.source.purchase_days, AT)
    await speaking(work, "rfm", 1)
    scored = await running.score(work, "rfm", AT)
    planted = [an_order(f"c{number}", 10**9, at=AT + timedelta(seconds=1)) for number in range(0, CUSTOMERS, 2)]
    log = Log(settings.database_url)
    await laid(log, settings, planted)
    log.close()
    again = await scoring_over(store, settings, by=BY)
    version, training = await running.train(again, "rfm", "rfm", AT, {})
    assert (version, training.sha256) == (2, before.sha256)
    assert training.metrics == before.metrics
    days_again = await asyncio.to_thread(again.source.purchase_days, AT)
    assert sorted(map(str, days_again.to_pylist())) == sorted(map(str, days.to_pylist()))
    assert days.num_rows > CUSTOMERS
    assert (await running.score(again, "rfm", AT)).sha256 == scored.sha256
    moved = await running.score(again, "rfm", AT + timedelta(days=1))
    assert moved.drifted
    await shown(work, settings)
    history = await store.streams.history([model_stream("rfm")])
    drift = [event for event in history if isinstance(event, Model.DriftObserved)]
    assert [event.at for event in drift] == [AT + timedelta(days=1)]
    assert drift[0].features["recency"] > drift[0].bound


async def test_versions_try_in_the_shadow_and_a_retired_one_is_silent(work: Scoring, settings: Settings) -> None:
    """What does not speak is kept in the lake alone; a key keeps its kind."""
    _, training = await running.train(work, "tiers", "rfm", AT, {"scores": 3})
    await running.train(work, "tiers", "rfm", AT, {})
    cuts = CutPoints(**training.report["cut_points"])
    assert len(cuts.monetary) == 2
    with pytest.raises(KindChangedError):
        await running.train(work, "tiers", "btyd", AT, {})
    await speaking(work, "tiers", 1)
    await shown(work, settings)
    assert [(one.model, one.is_live) for one in await run_night(work, AT)] == [("tiers", True)]
    shadow = await running.score(work, "tiers", AT, 2)
    assert not shadow.is_live
    await shown(work, settings)
    assert await run_night(work, AT) == []
    one = customer_id("c1")
    (said,) = await predictions_of(work.store.pool, one, [one])
    assert said.model_version == 1
    assert said.label is not None
    assert set(said.label) <= set("123")
    command = RetireModel(key="tiers", model_version=1, reason="three are too few")
    await retire_model(command, streams=work.store.streams, by=BY)
    await shown(work, settings)
    assert await predictions_of(work.store.pool, one, [one]) == []


async def test_what_was_said_is_held_against_what_has_come_since(work: Scoring, settings: Settings) -> None:
    """On data it has not learned from, and kept; before outcomes are known it is refused, with the day they will be."""
    trained_at = AT - timedelta(days=60)
    version, _ = await running.train(work, "value", "btyd", trained_at, {"horizon_days": 60})
    with pytest.raises(NothingToEvaluateError, match="2026-11-01"):
        await evaluate(work, "value", AT - timedelta(days=1), version)
    number, found = await evaluate(work, "value", AT, version)
    assert (number, found.cut_at, found.data_until) == (1, trained_at, AT)
    assert found.rows > 100
    assert found.metrics["gini"] > 0.3
    await running.train(work, "tiers", "rfm", trained_at, {})
    with pytest.raises(ParameterError, match="comes true"):
        await evaluate(work, "tiers", AT, 1)
    await shown(work, settings)
    card = await scorecard(work.store.pool, "value")
    assert card
    assert [one.rows for one in card.versions[0].evaluations] == [found.rows]


async def test_core_segments_are_reported_run_by_run(work: Scoring, settings: Settings) -> None:
    """Sizes of the last run, who moved since the one before, and how good the version is; people are asked for."""
    await running.train(work, "core_segment", "core_segment", AT, {})
    await speaking(work, "core_segment", 1)
    asked = await to_review(work, AT, 10)
    assert (len(asked.people), asked.reviewed) == (10, 0)
    assert sum(one.is_drawn for one in asked.people) == 2
    assert all(one.model[0][1] >= one.model[1][1] for one in asked.people)
    await running.score(work, "core_segment", AT)
    await running.score(work, "core_segment", AT + timedelta(days=60))
    await shown(work, settings)
    place = Place(lake_url=settings.lake_url, database_url=settings.database_url)
    everybody = Everybody(work.store.pool, place, settings.zone, Calendar())
    found = await core_report(work.store.pool, UrlStore(settings.lake_url), everybody, LATER)
    assert (found.by, found.model_version, found.people) == ("model", 1, CUSTOMERS)
    assert sum(one.people for one in found.segments) == CUSTOMERS
    assert found.flow
    assert sum(map(sum, found.flow.counts)) == CUSTOMERS
    lost = found.segments[0]
    assert (lost.key, lost.segment) == ("lost", "core_lost")
    assert lost.people == sum(row[0] for row in found.flow.counts)
    assert lost.entered == lost.people - found.flow.counts[0][0]
    assert found.confusion
    with pytest.raises(NothingToEvaluateError, match="ask again later"):
        await evaluate(work, "core_segment", LATER, 1)


def test_nights_begin_at_three_on_the_clock_of_the_zone() -> None:
    """Also where daylight saving takes that hour's neighbour away."""
    berlin, shanghai = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
    at = datetime(2026, 11, 25, 18, 59, tzinfo=UTC)
    assert last_night(at, shanghai) == datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    assert next_night(at, shanghai) == datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    assert last_night(next_night(at, shanghai), shanghai) == next_night(at, shanghai)
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert last_night(spring, berlin) == datetime(2026, 3, 28, 2, 0, tzinfo=UTC)
    assert next_night(spring, berlin) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
