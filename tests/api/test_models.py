"""Models over HTTP: list, show, promote, retire, and what they say of a customer in words."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from commands.runtime.context import Context
from commands.runtime.event_store import open_event_store
from commands.scoring.predictions import keep_predictions
from commands.scoring.recording import record_scores, record_training
from domain.scoring.model import ScoringRun
from tests.api.running import RunningKoi
from tests.domain.scoring.test_model import UNTIL, a_training
from tests.projections.test_model_scorecard import scores

BY = Context(actor="scoring")
AT = UNTIL + timedelta(days=1)


@pytest.fixture
async def key(koi: RunningKoi, request: pytest.FixtureRequest) -> str:
    """A model of this test's own, with two trained versions."""
    name = f"ltv_{request.node.name}"[:60]
    async with open_event_store(koi.database, koi.secrets.master_key, pool_size=2) as store:
        for _ in range(2):
            await record_training(name, a_training(), streams=store.streams, by=BY)
    return name


async def promoted(client: httpx.AsyncClient, key: str, version: int = 1) -> int:
    """Promote a version; returns the position."""
    answer = await client.post(
        f"/api/v1/models/{key}/promote",
        json={"model_version": version, "reason": "better"},
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 202, answer.text
    return int(answer.json()["position"])


async def test_a_version_is_promoted_and_retired(everything: httpx.AsyncClient, key: str) -> None:
    """The scorecard shows who speaks since when, and who spoke before."""
    position = await promoted(everything, key)
    position = await promoted(everything, key, 2)
    shown = await everything.get(f"/api/v1/models/{key}", params={"wait_for": position})
    card = shown.json()
    assert (card["model"]["promoted"], card["model"]["kind"]) == (2, "ltv")
    assert [one["standing"] for one in card["versions"]] == ["promoted", "replaced"]
    listed = (await everything.get("/api/v1/models")).json()["items"]
    assert key in [one["key"] for one in listed]
    said = {"model_version": 2, "reason": "wrong data"}
    retired = await everything.post(
        f"/api/v1/models/{key}/retire", json=said, headers={"If-Match": shown.headers["ETag"]}
    )
    assert retired.status_code == 202, retired.text
    shown = await everything.get(f"/api/v1/models/{key}", params={"wait_for": retired.json()["position"]})
    assert shown.json()["model"]["promoted"] is None
    assert shown.json()["versions"][0]["retired_because"] == "wrong data"


async def test_what_cannot_be_done_is_explained(everything: httpx.AsyncClient, key: str) -> None:
    """Unknown models, unknown versions, repeated promotions."""
    assert (await everything.get("/api/v1/models/nothing")).status_code == 404
    for path, version, status in ((f"{key}/promote", 9, 404), ("nothing/promote", 1, 404), ("Bad Key/retire", 1, 422)):
        answer = await everything.post(
            f"/api/v1/models/{path}", json={"model_version": version, "reason": "x"}, headers={"If-Match": "*"}
        )
        assert answer.status_code == status, answer.text
    await promoted(everything, key)
    again = {"json": {"model_version": 1, "reason": "x"}, "headers": {"If-Match": "*"}}
    answer = await everything.post(f"/api/v1/models/{key}/promote", **again)  # type: ignore[arg-type]  # a request
    assert (answer.status_code, answer.json()["code"]) == (409, "model.already_promoted")


async def test_predictions_of_a_customer_come_with_reasons(
    koi: RunningKoi, everything: httpx.AsyncClient, key: str
) -> None:
    """As sentences in both languages."""
    made = await everything.post(
        "/api/v1/customers", json={"identifiers": [{"type": "member_code", "value": key}], "attributes": {}}
    )
    assert made.status_code == 201, made.text
    customer = UUID(made.json()["id"])
    await promoted(everything, key)
    connection = await asyncpg.connect(koi.database)
    await keep_predictions(connection, key, 1, AT, scores((customer, 12_345.0)))
    await connection.close()
    run = ScoringRun(run_id=customer, model_version=1, at=AT, rows=1, path="scores/x.parquet", sha256="ab")
    async with open_event_store(koi.database, koi.secrets.master_key, pool_size=2) as store:
        saved = await record_scores(key, run, streams=store.streams, by=BY)
    answer = await everything.get(f"/api/v1/customers/{customer}/predictions", params={"wait_for": saved.position})
    assert answer.status_code == 200, answer.text
    (said,) = [one for one in answer.json() if one["prediction"]["model"] == key]
    assert (said["prediction"]["value"], said["prediction"]["further"]) == (12_345.0, {"p_alive": 0.25})
    assert said["reasons"][0]["zh"] == "orders：3"
    assert "fen" in said["meaning"]["en"]
    unknown = await everything.get(f"/api/v1/customers/{UUID(int=3)}/predictions")
    assert unknown.status_code == 404


async def test_models_are_for_keys_that_may_read(koi: RunningKoi) -> None:
    """And promoting is for keys that may command."""
    async with koi.client("read") as reader, koi.client("ingest") as source:
        assert (await reader.get("/api/v1/models")).status_code == 200
        assert (await reader.get("/api/v1/models/kinds")).json()[0]["kind"]["zh"]
        said = {"model_version": 1, "reason": "x"}
        assert (await reader.post("/api/v1/models/ltv/promote", json=said)).status_code == 403
        assert (await source.get("/api/v1/models")).status_code == 403
