"""How right rules and the classifier are in made-up towns from harder to easier, and what reviewing is worth there.

Half of a town's people are never reviewed: of them alone it is told how many are put where they belong. Of the others
people review some, drawn at random or those that `core/reviewing.py` asks for, a fifth more in every round.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from domain.scoring.core import core_segments
from workers.bench.town import Town, town
from workers.scoring.clusters.fitting import Labels
from workers.scoring.core import classifier
from workers.scoring.core.alike import sides
from workers.scoring.core.calibration import expected_error
from workers.scoring.core.labels import NONE, judged
from workers.scoring.core.reviewing import chosen
from workers.scoring.kind import Numbers

PEOPLE: Final = 20_000
REVIEWED: Final = (500, 2_000, 5_000)
_FIRST: Final = 300
_MORE: Final = 0.2
_KEYS: Final = tuple(core_segments())


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """How many of those whom nobody reviewed are put where they belong; `how` they were chosen who were reviewed.

    `calibration_error` is that of the probabilities on them; `confused`: the pairs (truth, said) that are most often
    mistaken, with how often of all mistakes.
    """

    town: int
    spread: float
    how: str
    reviewed: int
    right: float
    calibration_error: float | None = None
    recall: dict[str, float] = {}
    confused: list[tuple[str, str, float]] = []


def curve(
    number: int, spread: float, *, reviewed: Sequence[int] = REVIEWED, count: int = PEOPLE, every: bool = True
) -> Iterator[Right]:
    """Tell of a town: rules alone, so many reviewed at random and as asked for, and (`every`) all of the half."""
    of = town(number, count, spread)
    rows = np.column_stack(list(of.known.values.values()))
    rows = np.where(np.isfinite(rows), rows, np.nan)
    unseen = np.arange(of.truth.size) % 2 == 1
    yield _told(number, spread, "rules", 0, of, unseen, of.known.ruled, None)
    half = np.random.default_rng(number).permutation(np.flatnonzero(~unseen))
    asked = _asked(of, rows, ~unseen, max(reviewed, default=0))
    for size in reviewed:
        for how, order in (("random", half), ("asked for", asked)):
            said, sure = _learned(of, rows, order[:size])
            yield _told(number, spread, how, min(size, order.size), of, unseen, said, sure)
    if every:
        said, sure = _learned(of, rows, half)
        yield _told(number, spread, "everybody of the half", half.size, of, unseen, said, sure)


def _asked(of: Town, rows: Numbers, half: np.ndarray, most: int) -> Labels:
    """Return whom the rounds of reviewing ask for, in their order."""
    kinds = sides(of.known.values)
    known: Labels = np.array([], np.int64)
    while known.size < min(most, int(half.sum())):
        free = half.copy()
        free[known] = False
        more = min(most, max(_FIRST, round(known.size * (1 + _MORE)))) - known.size
        sure = None
        if known.size:
            booster = classifier.boosted(rows[known], of.truth[known], len(_KEYS), seed=1)
            sure = np.asarray(booster.inplace_predict(rows))
        found = chosen(sure, kinds, free, of.known.lot, more, seed=1)
        known = np.concatenate([known, found.doubtful, found.drawn])
    return known


def _learned(of: Town, rows: Numbers, reviewed: Labels) -> tuple[Labels, Numbers]:
    labels = np.full(of.truth.size, NONE)
    labels[reviewed] = of.truth[reviewed]
    found = classifier.learned(rows, labels, seed=1, fair=judged(labels != NONE, of.known.lot))
    sure = np.zeros((of.truth.size, len(_KEYS)))
    sure[:, list(found.classes)] = found.probabilities(rows)
    return sure.argmax(axis=1), sure


def _told(
    number: int, spread: float, how: str, size: int, of: Town, unseen: np.ndarray, said: Labels, sure: Numbers | None
) -> Right:
    truth, found = of.truth[unseen], said[unseen]
    wrong = (truth != found) & (found != NONE)
    pairs, counts = np.unique(np.column_stack([truth[wrong], found[wrong]]), axis=0, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:5]
    return Right(
        town=number,
        spread=spread,
        how=how,
        reviewed=size,
        right=round(float((truth == found).mean()), 4),
        calibration_error=None if sure is None else round(expected_error(sure[unseen], truth), 4),
        recall={key: round(float((found == place)[truth == place].mean()), 4) for place, key in enumerate(_KEYS)},
        confused=[
            (_KEYS[pairs[one][0]], _KEYS[pairs[one][1]], round(float(counts[one] / max(1, wrong.sum())), 3))
            for one in most
        ],
    )
