"""Responses to campaigns: learned from what was known before each began, on a small shop whose habits are known."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from domain.kernel.rules.world import World
from projections.batch.compiling.instants import micros
from projections.batch.directory import MEMBERS, TableDirectory
from projections.batch.lakehouse import Lakehouse
from projections.batch.staging.stage import Staged
from tests.workers.scoring.asking import source_over
from workers.scoring.artefact import packed
from workers.scoring.kind import Learned, NothingToLearnError, silent
from workers.scoring.response.kind import RESPONSE, Parameters
from workers.scoring.simulation.staged import ZONE

AT = datetime(2026, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)
PEOPLE = 240
# Whom, when, what, of which campaign.
Event = tuple[int, datetime, str, str | None]


def shop(*further: Event) -> Lakehouse:
    """Two campaigns to all; who bought much before, redeems: in four of five cases."""
    random = np.random.default_rng(4)
    events: list[Event] = list(further)
    for person in range(PEOPLE):
        keen = person % 3 == 0
        events += [(person, AT - (170 + day) * DAY, "order.completed", None) for day in range(20 if keen else 3)]
        for campaign, ago in (("spring", 150), ("summer", 90)):
            events.append((person, AT - ago * DAY, "campaign.received", campaign))
            if random.random() < (0.8 if keen else 0.1):
                events.append((person, AT - (ago - 9) * DAY, "coupon.redeemed", campaign))
    return _lakehouse(events)


@pytest.fixture(scope="module")
def found() -> Learned:
    """What the shop's campaigns teach."""
    with source_over(shop()) as source:
        return RESPONSE.train(source, AT, Parameters(), previous=None, told=silent)


def test_it_ranks_redeemers_by_what_was_known_before(found: Learned) -> None:
    """On households it has not seen; beside the best single column, and never better than chance allows."""
    assert found.rows == 2 * PEOPLE
    assert found.metrics["campaigns"] == 2
    assert 0.7 < found.metrics["auc_low"] <= found.metrics["auc"] <= found.metrics["auc_high"] < 0.98
    assert found.metrics["auc_best_column"] > 0.7
    with source_over(shop()) as source:
        said = RESPONSE.score(found.artefact, source, AT, told=silent).table
    assert said.num_rows == PEOPLE
    assert said["reasons"][0].as_py().startswith('[{"feature"')
    assert [one["campaign"] for one in found.report["campaigns"]] == ["spring", "summer"]
    for campaign in found.report["campaigns"]:
        assert datetime.fromisoformat(campaign["cut_at"]) < AT - 89 * DAY


def test_nothing_after_a_beginning_is_seen(found: Learned) -> None:
    """All who redeem buy a thousand times once the campaign has begun: no feature of that campaign knows."""
    planted: list[Event] = [
        (person, AT - 89 * DAY + timedelta(minutes=minute), "product.viewed", None)
        for person in range(0, PEOPLE, 3)
        for minute in range(30)
    ]
    with source_over(shop(*planted)) as other:
        after = RESPONSE.train(other, AT, Parameters(), previous=None, told=silent)
    assert packed(found.artefact) == packed(after.artefact)
    assert found.metrics == after.metrics


def test_no_campaign_teaches_nothing() -> None:
    """Nor does one whose outcome is not known yet."""
    events: list[Event] = [(person, AT - DAY, "campaign.received", "now") for person in range(PEOPLE)]
    with source_over(_lakehouse(events)) as source, pytest.raises(NothingToLearnError, match="redeemed"):
        RESPONSE.train(source, AT, Parameters(), previous=None, told=silent)


def _lakehouse(events: list[Event]) -> Lakehouse:
    ids = [str(UUID(int=(person + 1) << 112)) for person in range(PEOPLE)]
    at = [micros(when) for _, when, _, _ in events]
    columns: dict[str, Any] = {
        "customer_id": pa.array([ids[person] for person, _, _, _ in events], pa.string()),
        "fact_id": pa.array(range(len(events)), pa.int64()),
        "at": pa.array(at, pa.int64()),
        "day": pa.array([int((one + 8 * 3_600_000_000) // 86_400_000_000) for one in at], pa.int32()),
        "name": pa.array([name for _, _, name, _ in events], pa.string()),
        "f_campaign_id": pa.array([campaign for _, _, _, campaign in events], pa.string()),
        "f_amount": pa.array([5_000 if name == "order.completed" else None for _, _, name, _ in events], pa.int64()),
    }
    columns["f_net_amount"] = columns["f_amount"]
    table = pa.table(columns)
    keys = ("customer_id", "fact_id", "at", "day", "name")
    items = table.filter(pa.array([False] * len(events))).select(keys)
    for name, kind in (("category", pa.string()), ("category_group", pa.string())):
        items = items.append_column(f"f_{name}", pa.array([], kind))
    for name in ("discount", "coupon_discount"):
        items = items.append_column(f"f_{name}", pa.array([], pa.int64()))
    return Lakehouse(
        files={"events": {}, "items": {}},
        tail=Staged(events=table, items=items, withdrawn=pa.table({"fact_id": pa.array([], pa.int64())})),
        directory=TableDirectory(pa.table([ids, ids], schema=MEMBERS)),
        world=World(zone=ZONE, told=frozenset({"campaign.received"})),
    )
