"""What the classifier learns from: what people said of customers, else what rules say and clusters support."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.kernel.rules.tree import Sampled
from domain.scoring.core import MODEL
from workers.scoring.clusters.fitting import Labels

NONE: Final = -1
# From so many reviewed customers on, rules add nothing (measured in the made-up town: from 300 on they take away).
ENOUGH_REVIEWED: Final = 300
# Every fifth customer, always the same ones: of these people review whoever the lot says, of all others whoever teaches
# most. So it is these who tell how right and how sure the classifier is, however the others were chosen.
LOT: Final = Sampled(salt=f"{MODEL} review", since=0.0, until=0.2)
# With fewer of them reviewed, all that are reviewed tell it, as good as that is.
FEWEST_JUDGED: Final = 60
# A class of fewer customers cannot be learned, nor cross-validated.
FEWEST: Final = 20


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """The label of each row, `NONE` where it teaches nothing; `by_people`: whether people or rules said so."""

    labels: Labels
    by_people: bool


def first(members: NDArray[np.bool_]) -> Labels:
    """Return the first rule that holds for each row (rules are columns, in order), or `NONE`."""
    return np.where(members.any(axis=1), members.argmax(axis=1), NONE).astype(np.int64)


def supported(labels: Labels, clusters: Labels, classes: int) -> Labels:
    """Keep a label where its class is more frequent in the row's cluster than among all who have a label.

    A cluster is a kind of customer that the data show by themselves: a label that is rare among its like is a rule's
    mistake more often than not.
    """
    known = labels != NONE
    counts = np.zeros((int(clusters.max(initial=0)) + 1, classes))
    np.add.at(counts, (clusters[known], labels[known]), 1)
    base = np.bincount(labels[known], minlength=classes) / max(1, known.sum())
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    is_supported = share >= np.where(base > 0, base, 2.0)
    return np.where(known & is_supported[clusters, np.maximum(labels, 0)], labels, NONE)


def taught(ruled: Labels, reviewed: Labels, clusters: Labels, classes: int) -> Taught:
    """Return what to learn from; classes with too few customers are left out."""
    by_people = int((reviewed != NONE).sum()) >= ENOUGH_REVIEWED
    labels = reviewed if by_people else supported(ruled, clusters, classes)
    counts = np.bincount(labels[labels != NONE], minlength=classes)
    few = np.flatnonzero(counts < FEWEST)
    return Taught(labels=np.where(np.isin(labels, few), NONE, labels), by_people=by_people)


def judged(by_people: NDArray[np.bool_], lot: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which of the rows that people reviewed tell how right the classifier is."""
    drawn = by_people & lot
    return drawn if drawn.sum() >= FEWEST_JUDGED else by_people
