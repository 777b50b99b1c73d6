"""The report on the core segments: who moved from run to run, what is typical, and what each is worth."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from domain.tags.shipped import shipped
from projections.batch.writing import Manifest, PartFile
from projections.core_report.moving import flow
from projections.core_report.typical import worth
from projections.lake.store import UrlStore

KEYS = ["lost", "loyal_regular"]


def run(**labels: str | None) -> pa.Table:
    """Scores of a run."""
    return pa.table(
        {"profile_id": pa.array(list(labels), pa.string()), "label": pa.array(list(labels.values()), pa.string())}
    )


def test_who_moved_is_counted_with_those_who_came_and_went() -> None:
    """Rows are of the run before; the last row came, the last column is gone; labels of older days count as none."""
    before = run(a="lost", b="lost", c="loyal_regular", d="loyal_regular", f="bygone")
    now = run(b="loyal_regular", a="lost", c="loyal_regular", e="lost", f="lost")
    assert flow(before, now, KEYS) == [[1, 1, 0], [0, 1, 1], [2, 0, 0]]
    assert flow(run(), now, KEYS) == [[0, 0, 0], [0, 0, 0], [3, 2, 0]]
    assert flow(now, run(), KEYS) == [[0, 0, 3], [0, 0, 2], [0, 0, 0]]


def test_typical_is_what_a_segment_has_more_often_than_everybody(tmp_path: Path) -> None:
    """Beside what it spent; whom the run does not know counts among everybody."""
    people = [f"p{number}" for number in range(100)]
    scores = run(**{one: KEYS[number % 2] for number, one in enumerate(people[:80])})
    table = {
        "profile_id": pa.array(people),
        "has_baby": pa.array([number % 2 == 1 for number in range(100)]),
        "weekend_shopper": pa.array([True] * 100),
        "retired_tag": pa.array([number % 2 == 1 for number in range(100)]),
        "spend_365d": pa.array([None if number % 10 == 0 else 100.0 for number in range(100)], pa.float64()),
    }
    pq.write_table(pa.table(table), tmp_path / "part.parquet")
    kinds = {"has_baby": "flag", "weekend_shopper": "flag", "retired_tag": "flag", "spend_365d": "number"}
    file = PartFile(part="0", path="part.parquet", rows=100, sha256="")
    manifest = Manifest(datetime(2026, 11, 26, tzinfo=UTC), "c", 1, kinds, (file,))  # type: ignore[arg-type]  # kinds
    tags = {key: one for key, one in shipped().tags.items() if key in kinds}
    found = worth(UrlStore(f"file://{tmp_path}"), manifest, scores, KEYS, tags)
    assert found.people.tolist() == [40, 40]
    assert found.typical[0] == []
    (typical,) = found.typical[1]
    assert (typical.key, typical.share, typical.everybody, typical.lift) == ("has_baby", 1.0, 0.5, 2.0)
    assert found.sums["spend_365d"].tolist() == pytest.approx([3_200.0, 4_000.0])
    assert found.known["spend_365d"].tolist() == [32, 40]
