"""Whom people should review: the doubtful, of every kind; and some by lot, who tell how right the model is."""

import numpy as np

from workers.scoring.core.labels import FEWEST_JUDGED, judged
from workers.scoring.core.reviewing import chosen

RANDOM = np.random.default_rng(4)
ROWS = 400
LOT = np.arange(ROWS) % 5 == 0
# Four kinds of customers; of the first the model is sure.
KIND = np.arange(ROWS) % 4
SIDES = np.eye(4)[KIND] * 10 + RANDOM.normal(0.0, 0.1, (ROWS, 4))
SURE = np.where((KIND == 0)[:, None], [0.98, 0.02], [0.52, 0.48]) + RANDOM.uniform(0, 1e-3, (ROWS, 1)) * [1, -1]


def test_the_doubtful_of_every_kind_are_asked_about() -> None:
    """Nobody of whom the model is sure; a fifth are drawn by lot, in its order, whatever the model thinks."""
    free = np.ones(ROWS, bool)
    found = chosen(SURE, SIDES, free, LOT, 15, seed=1)
    assert found.drawn.tolist() == [0, 5, 10]
    assert found.doubtful.size == 12
    assert set(KIND[found.doubtful].tolist()) == {1, 2, 3}
    assert not LOT[found.doubtful].any()
    again = chosen(SURE, SIDES, free, LOT, 15, seed=1)
    assert again.doubtful.tolist() == found.doubtful.tolist()


def test_before_anybody_was_reviewed_one_of_each_kind_is_asked_about() -> None:
    """The doubts of rules are not those of customers."""
    found = chosen(None, SIDES, np.ones(ROWS, bool), LOT, 5, seed=1)
    assert sorted(KIND[found.doubtful].tolist()) == [0, 1, 2, 3]


def test_who_was_reviewed_is_not_asked_about_again() -> None:
    """Where fewer are left than wanted, those are; where nobody is, nobody."""
    free = np.zeros(ROWS, bool)
    free[[1, 2, 5]] = True
    found = chosen(SURE, SIDES, free, LOT, 50, seed=1)
    assert (sorted(found.doubtful.tolist()), found.drawn.tolist()) == ([1, 2], [5])
    nobody = chosen(SURE, SIDES, np.zeros(ROWS, bool), LOT, 50, seed=1)
    assert nobody.doubtful.size == nobody.drawn.size == 0
    alike = chosen(SURE, np.zeros((ROWS, 4)), np.ones(ROWS, bool), LOT, 20, seed=1)
    assert np.unique(alike.doubtful).size == 16


def test_only_those_drawn_by_lot_judge_where_they_suffice() -> None:
    """Who was chosen because she is difficult would make the model look worse than it is."""
    reviewed = np.zeros(1_000, bool)
    reviewed[:500] = True
    lot = np.arange(1_000) % 5 == 0
    assert judged(reviewed, lot).tolist() == (reviewed & lot).tolist()
    reviewed[FEWEST_JUDGED:] = False
    assert judged(reviewed, lot).tolist() == reviewed.tolist()
