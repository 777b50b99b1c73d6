"""The core segments of the real history: names that hold in the next quarter, and reasons that fit.

Nobody knows the truth here: what can be looked at is whether people do what the name of their segment promises.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from domain.kernel.rules.tree import Compare, Field, Measure
from domain.scoring.reasons import in_words, read_reasons
from tests.workers.scoring.asking import source_over
from tests.workers.scoring.real_history import real_lakehouse
from workers.scoring.core.kind import CORE, Parameters
from workers.scoring.features import after, matched
from workers.scoring.kind import Learned, Numbers, silent
from workers.scoring.source import LakeSource

CUT = datetime(2017, 10, 1, tzinfo=UTC)
END = datetime(2018, 1, 1, tzinfo=UTC)
BOUGHT = ("order.completed",)


@pytest.fixture(scope="module")
def source() -> Iterator[LakeSource]:
    """The real history's lake."""
    with source_over(real_lakehouse()) as asked:
        yield asked


@pytest.fixture(scope="module")
def learned(source: LakeSource) -> Learned:
    """What nine months teach."""
    return CORE.train(source, CUT, Parameters(), previous=None, told=silent)


@pytest.fixture(scope="module")
def said(source: LakeSource, learned: Learned) -> pa.Table:
    """In which segment everybody is at the cut."""
    return CORE.score(learned.artefact, source, CUT, told=silent).table


def test_everybody_is_in_a_segment_and_halves_agree(learned: Learned, said: pa.Table) -> None:
    """Of 2,469 households those who bought by then; nobody watches live streams in this history, so none is there."""
    sizes = {one["key"]: one["size"] for one in learned.report["segments"]}
    assert sum(sizes.values()) == said.num_rows == learned.rows == 2_446
    assert sizes["live_stream_active"] == 0
    assert all(sizes[key] > 50 for key in ("lost", "about_to_churn", "high_value_repeat", "loyal_regular"))
    assert learned.metrics["stability"] > 0.9
    assert learned.metrics["calibration_error"] < 0.03


def test_the_next_quarter_is_as_the_names_promise(source: LakeSource, said: pa.Table) -> None:
    """The lost buy least, high value spends most, the price-sensitive buy most at a discount, scenarios stay."""
    within = after(CUT, END)
    discounted = Compare(left=Field(name="discount"), op="gt", right=0)
    baby = Compare(left=Field(name="category_group"), op="in", right=("formula", "nappies", "baby_food", "baby_care"))
    came = source.values(
        {
            "orders": Measure(events=BOUGHT, within=within),
            "spent": Measure(events=BOUGHT, take="sum", field="net_amount", within=within),
            "items": Measure(events=BOUGHT, of="items", within=within),
            "discounted": Measure(events=BOUGHT, of="items", where=discounted, within=within),
            "baby": Measure(events=BOUGHT, of="items", where=baby, within=within),
        },
        END,
    )
    labels = np.asarray(said["label"].to_pylist())
    of = {name: np.nan_to_num(matched(said["profile_id"], came, name)) for name in came.column_names[1:]}

    def mean(column: Numbers) -> dict[str, float]:
        return {str(key): float(column[labels == key].mean()) for key in np.unique(labels)}

    def share(part: str) -> dict[str, float]:
        return {
            str(key): float(of[part][labels == key].sum() / of["items"][labels == key].sum())
            for key in np.unique(labels)
        }

    assert min(mean(of["orders"]), key=mean(of["orders"]).__getitem__) == "lost"
    spent = mean(of["spent"])
    assert max(spent, key=spent.__getitem__) == "high_value_repeat"
    assert spent["lost"] < spent["about_to_churn"] < spent["loyal_regular"] / 2
    shares = share("discounted")
    assert max(shares, key=shares.__getitem__) == "price_sensitive"
    babies = share("baby")
    assert max(babies, key=babies.__getitem__) == "scenario_driven"


def test_reasons_fit(said: pa.Table) -> None:
    """Of the surest lost household it is that she was not there."""
    values = said["value"].to_numpy(zero_copy_only=False)
    labels = np.asarray(said["label"].to_pylist())
    lost = int(np.argmax(np.where(labels == "lost", values, 0.0)))
    told = read_reasons(msgspec.json.decode(said["reasons"][lost].as_py()))
    assert any(one.feature in {"days_since_seen", "days_since_order", "visit_days_60d", "orders_90d"} for one in told)
    assert all(in_words(one).zh and in_words(one).en for one in told)
