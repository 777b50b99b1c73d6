"""The kind `rfm`: what it learns are cut points, quantiles of everybody who ever bought."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from domain.scoring.rfm import SCORES, CutPoints, measures
from workers.scoring.artefact import Artefact
from workers.scoring.drift import reference, references
from workers.scoring.features import numbers
from workers.scoring.kind import Learned, NothingToLearnError, Numbers, ParameterError, Scores, Source, Told

_FEWEST: Final = 2
_MOST: Final = 9


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many scores there are, and how many days back frequency and money are counted (0: all)."""

    scores: Annotated[int, msgspec.Meta(ge=2, le=100)] = 5
    window_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 365


class Rfm:
    """Recency, frequency and money, each from 1 to the number of scores, which is the best."""

    parameters = Parameters

    def train(
        self,
        source: Source,
        at: datetime,
        parameters: Parameters,
        *,
        previous: Artefact | None,  # noqa: ARG002 - quantiles begin from nothing
        told: Told,
    ) -> Learned:
        """Find the cut points of everybody who bought by `at`."""
        if not _FEWEST <= parameters.scores <= _MOST:
            detail = f"between {_FEWEST} and {_MOST} scores, so that a label is three digits"
            raise ParameterError(detail, field="parameters.scores")
        told("features", 0, 2)
        table = _measured(source, at, parameters.window_days)
        told("cut points", 1, 2)
        if not table.num_rows:
            raise NothingToLearnError("nobody has bought anything yet")
        measured = {name: numbers(table, name) for name in SCORES}
        cuts = cut_points(measured, parameters.scores, parameters.window_days or None)
        scored = scores_of(cuts, measured)
        told("done", 2, 2)
        return Learned(
            artefact=Artefact(
                kind="rfm",
                parameters=msgspec.to_builtins(parameters),
                numbers=msgspec.to_builtins(cuts),
                references=references(measured),
                scored=reference(scored["total"]),
            ),
            cut_at=at,
            data_since=None,
            rows=table.num_rows,
            features=SCORES,
            metrics={f"distinct_{name}": float(np.unique(scored[name]).size) for name in SCORES},
            report={"cut_points": msgspec.to_builtins(cuts)},
        )

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Score everybody who ever bought; a label such as 545, and its digits."""
        cuts = msgspec.convert(artefact.numbers, CutPoints)
        told("features", 0, 2)
        table = _measured(source, at, cuts.window_days)
        told("scores", 1, 2)
        measured = {name: numbers(table, name) for name in SCORES}
        scored = scores_of(cuts, measured)
        digits: list[Any] = [pa.array(scored[name].astype(np.int64)).cast(pa.string()) for name in SCORES]
        label: Any = pc.binary_join_element_wise(*digits, "")
        told("done", 2, 2)
        columns = {"profile_id": table["profile_id"], "value": scored["total"], "label": label}
        return Scores(table=pa.table(columns | scored), features=measured)


RFM: Final = Rfm()


def cut_points(measured: dict[str, Numbers], scores: int, window_days: int | None) -> CutPoints:
    """Return the quantiles between the scores; each is a value somebody has, so that ties fall together."""
    shares = np.linspace(0, 1, scores + 1)[1:-1]

    def cuts(values: Numbers) -> tuple[float, ...]:
        return tuple(np.quantile(values, shares, method="inverted_cdf").tolist()) if values.size else ()

    return CutPoints(
        # Days are the better the fewer: the same quantiles from the other end.
        recency=tuple(-cut for cut in reversed(cuts(-measured["recency"]))),
        frequency=cuts(measured["frequency"]),
        monetary=cuts(measured["monetary"]),
        window_days=window_days,
    )


def scores_of(cuts: CutPoints, measured: dict[str, Numbers]) -> dict[str, Numbers]:
    """Return the scores of everybody, as `domain.scoring.rfm.score_of` does for one, and their total."""
    passed = {
        "recency": len(cuts.recency) - np.searchsorted(cuts.recency, measured["recency"], side="right"),
        "frequency": np.searchsorted(cuts.frequency, measured["frequency"], side="left"),
        "monetary": np.searchsorted(cuts.monetary, measured["monetary"], side="left"),
    }
    found = {name: (count + 1).astype(np.float64) for name, count in passed.items()}
    return found | {"total": sum(found.values(), start=np.zeros(1))}


def _measured(source: Source, at: datetime, window_days: int | None) -> pa.Table:
    """Return the measures of those who ever bought; who bought nothing in the window did so 0 times for 0 fen."""
    table = source.values(measures(window_days or None), at)
    bought = table.filter(pc.is_valid(table["recency"]))
    columns: dict[str, Any] = {"profile_id": bought["profile_id"]}
    for name in SCORES:
        columns[name] = np.nan_to_num(numbers(bought, name))
    return pa.table(columns)
