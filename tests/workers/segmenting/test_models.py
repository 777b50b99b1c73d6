"""A model's new run changes what is known of everybody: who enters and leaves by it is told, as of the run."""

from datetime import datetime, timedelta
from uuid import uuid4

from commands.runtime.context import Context
from commands.scoring.predictions import keep_predictions
from commands.scoring.promoting import PromoteModel, promote_model
from commands.scoring.recording import record_scores, record_training
from domain.kernel.rules.tree import All, Compare, Prediction
from domain.scoring.model import ScoringRun
from tests.domain.scoring.test_model import a_training
from tests.projections.test_model_scorecard import scores
from tests.workers.segmenting.watched_shop import NOON, WatchedShop, bought, customer_of, defined

BY = Context(actor="scoring")
DAY = timedelta(days=1)
VALUABLE = Compare(left=Prediction(model="ltv"), op="gte", right=50)


async def _scored(shop: WatchedShop, at: datetime, **said: float) -> None:
    """A run of the model, as the nightly one is kept."""
    rows = scores(*((customer_of(member), value) for member, value in said.items()))
    async with shop.store.pool.acquire() as connection:
        await keep_predictions(connection, "ltv", 1, at, rows)
    path, sha256 = f"scores/{at:%Y%m%d}.parquet", "ab"
    run = ScoringRun(run_id=uuid4(), model_version=1, at=at, rows=len(said), path=path, sha256=sha256)
    await record_scores("ltv", run, streams=shop.store.streams, by=BY)


async def test_a_run_is_told_of_everybody_whom_it_moves_and_nobody_else(shop: WatchedShop) -> None:
    """Two nights: who is worth more enters, who is worth less leaves, each at the instant of the run."""
    await record_training("ltv", a_training(until=NOON - 30 * DAY), streams=shop.store.streams, by=BY)
    await promote_model(PromoteModel(key="ltv", model_version=1, reason="good"), streams=shop.store.streams, by=BY)
    await shop.happens(*(shop.did(f"M{n}", "order.completed", NOON - DAY) for n in range(3)), settle=False)
    await shop.define(defined("valuable", VALUABLE), defined("both", All(of=(VALUABLE, bought(days=30)))))
    assert await shop.told() == []
    shop.now = NOON + DAY
    await _scored(shop, NOON + DAY, M0=80.0, M1=20.0, M2=60.0)
    await shop.settle()
    shop.now = NOON + 2 * DAY
    await _scored(shop, NOON + 2 * DAY, M0=80.0, M1=70.0, M2=10.0)
    await shop.settle()
    found = [(one.member, one.name, one.at - NOON) for one in await shop.told() if one.segment == "valuable"]
    assert sorted(found) == [
        ("M0", "entered", DAY),
        ("M1", "entered", 2 * DAY),
        ("M2", "entered", DAY),
        ("M2", "left", 2 * DAY),
    ]
    assert len(await shop.told()) == 2 * len(found)
    assert {one.reason for one in await shop.told()} == {"judged_anew"}
