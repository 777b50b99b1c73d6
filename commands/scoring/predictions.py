"""The predictions of everybody in PostgreSQL: the last runs of what speaks, so that one person is looked up at once.

Older runs stay in their Parquet files. Rows hang on profile ids, as the runs that wrote them knew profiles.
"""

from datetime import datetime
from io import BytesIO
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from commands.runtime.connection import Connection

# A week of nights, and one.
KEPT_RUNS: Final = 8
# What every run says; whatever else it says are further numbers.
SAID: Final = ("profile_id", "value", "label", "reasons")
_COLUMNS: Final = ("model", "profile_id", "at", "model_version", "value", "label", "further", "reasons")
_REPLACED = "DELETE FROM prediction WHERE model = $1 AND at = $2"
_NOTE = """
    INSERT INTO prediction_run (model, at, model_version) VALUES ($1, $2, $3)
    ON CONFLICT (model, at) DO UPDATE SET model_version = excluded.model_version
"""
_OLD = """
    DELETE FROM prediction_run WHERE model = $1 AND at NOT IN (
        SELECT at FROM prediction_run WHERE model = $1 ORDER BY at DESC LIMIT $2) RETURNING at
"""
_FORGET = "DELETE FROM prediction WHERE model = $1 AND at = ANY($2)"


async def keep_predictions(connection: Connection, key: str, version: int, at: datetime, scores: pa.Table) -> None:
    """Put the scores of a run in place of what was said of the same instant, and let go of runs that are too old."""
    rows = BytesIO()
    csv.write_csv(_rows(key, version, at, scores), rows, csv.WriteOptions(include_header=False))
    rows.seek(0)
    async with connection.transaction():
        await connection.execute(_REPLACED, key, at)
        await connection.execute(_NOTE, key, at, version)
        await connection.copy_to_table("prediction", source=rows, columns=_COLUMNS, format="csv", null="")
        old = [row["at"] for row in await connection.fetch(_OLD, key, KEPT_RUNS)]
        await connection.execute(_FORGET, key, old)


def _rows(key: str, version: int, at: datetime, scores: pa.Table) -> pa.Table:
    count = scores.num_rows
    label, reasons = (
        scores[name] if name in scores.column_names else pa.nulls(count, pa.string()) for name in ("label", "reasons")
    )
    columns = [
        pa.repeat(key, count),
        scores["profile_id"],
        pa.repeat(at.isoformat(), count),
        pa.repeat(version, count),
        _finite(scores["value"]) if "value" in scores.column_names else pa.nulls(count, pa.float64()),
        label,
        _further(scores),
        reasons,
    ]
    return pa.table(columns, names=list(_COLUMNS))


def _further(scores: pa.Table) -> Any:
    """Return the further numbers of each row as a JSON object."""
    texts: list[Any] = []
    for name in (name for name in scores.column_names if name not in SAID):
        number: Any = pc.cast(_finite(pc.cast(scores[name], pa.float64())), pa.string())
        told: Any = pc.binary_join_element_wise(f'"{name}":', number.fill_null("null"), "")
        texts.append(told)
    if not texts:
        return pa.repeat("{}", scores.num_rows)
    return pc.binary_join_element_wise("{", pc.binary_join_element_wise(*texts, ","), "}", "")


def _finite(numbers: Any) -> Any:
    return pc.if_else(pc.is_finite(numbers), numbers, None)
