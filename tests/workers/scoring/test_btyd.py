"""Buy till you die: the published figures of CDNOW to the last digit, parameters found again, and bad input."""

from typing import Any

import numpy as np
import pytest

from workers.bench.cdnow import WEEKS, afterwards, cdnow, histories_at
from workers.scoring.btyd import bg_nbd, gamma_gamma
from workers.scoring.btyd.histories import Histories
from workers.scoring.btyd.kind import fit, outlook
from workers.scoring.kind import NothingToLearnError

PURCHASES = cdnow()
CDNOW = histories_at(PURCHASES)
MODEL = bg_nbd.fit(CDNOW)


def test_bg_nbd_finds_the_published_estimates() -> None:
    """Fader, Hardie, Lee (2005), table 2."""
    assert len(CDNOW) == 2357
    assert [round(value, 3) for value in (MODEL.r, MODEL.alpha, MODEL.a, MODEL.b)] == [0.243, 4.414, 0.793, 2.426]
    assert round(MODEL.log_likelihood, 2) == -9582.43


def test_gamma_gamma_finds_the_published_estimates() -> None:
    """Fader, Hardie (2013), note 025: 946 customers who bought again."""
    model = gamma_gamma.fit(CDNOW)
    assert gamma_gamma.usable(CDNOW).sum() == 946
    assert [round(value, 2) for value in (model.p, model.q, model.gamma)] == [6.25, 3.74, 15.44]
    assert abs(gamma_gamma.dependence(CDNOW)) < gamma_gamma.INDEPENDENT_BELOW


def test_a_customer_is_expected_to_buy_as_published() -> None:
    """E[Y(39)] of x = 2, t_x = 30.43, T = 38.86 is 1.226."""
    one = (np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert MODEL.purchases(WEEKS, *one)[0] == pytest.approx(1.226, abs=5e-4)
    assert MODEL.p_alive(*one)[0] == pytest.approx(0.7266, abs=5e-4)


def test_what_came_afterwards_is_what_was_expected() -> None:
    """The hold-out of 39 weeks, by frequency: expected and actual purchases."""
    expected = MODEL.purchases(WEEKS, CDNOW.repeats, CDNOW.last, CDNOW.age)
    actual, _ = afterwards(PURCHASES)
    assert (round(expected.sum()), actual.sum()) == (1653, 1882)
    bins = [CDNOW.repeats == count for count in range(7)] + [CDNOW.repeats >= 7]
    assert [round(float(expected[one].mean()), 2) for one in bins] == [0.23, 0.52, 1.04, 1.52, 2.16, 2.65, 3.5, 6.16]
    assert [round(float(actual[one].mean()), 2) for one in bins] == [0.24, 0.7, 1.39, 1.56, 2.53, 2.95, 3.86, 6.36]


def simulated(size: int, seed: int) -> Histories:
    """Customers who live by the model: r 0.8, alpha 6, a 1.2, b 3; p 6, q 4, gamma 1500."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.8, 1 / 6.0, size)
    leaves = rng.beta(1.2, 3.0, size)
    age = rng.integers(20, 104, size).astype(np.float64)
    repeats, last = np.zeros(size), np.zeros(size)
    for place in range(size):
        now = 0.0
        while (now := now + rng.exponential(1 / rate[place])) < age[place]:
            repeats[place], last[place] = repeats[place] + 1, now
            if rng.random() < leaves[place]:
                break
    scale = rng.gamma(4.0, 1 / 1500.0, size)
    mean = rng.gamma(6.0 * np.maximum(repeats, 1)) / np.maximum(repeats, 1) / scale
    return Histories(repeats=repeats, last=last, age=age, mean=np.where(repeats > 0, mean, np.nan))


def test_parameters_are_found_again() -> None:
    """On data made by the model itself."""
    found = fit(simulated(20_000, 7))
    assert found.money
    frequency = [found.frequency.r, found.frequency.alpha, found.frequency.a, found.frequency.b]
    assert np.allclose(frequency, [0.8, 6.0, 1.2, 3.0], rtol=0.15)
    assert np.allclose([found.money.p, found.money.q, found.money.gamma], [6.0, 4.0, 1500.0], rtol=0.15)


def test_the_same_data_give_the_same_figures_in_any_order() -> None:
    """Grouping sorts customers away."""
    order = np.random.default_rng(1).permutation(len(CDNOW))
    again = bg_nbd.fit(CDNOW.chosen(order))
    assert again == MODEL


def some(repeats: list[float], last: list[float], age: list[float], mean: list[float]) -> Histories:
    """A few customers."""
    columns: dict[str, Any] = {"repeats": repeats, "last": last, "age": age, "mean": mean}
    return Histories(**{name: np.array(values, np.float64) for name, values in columns.items()})


@pytest.mark.parametrize("who", [some([], [], [], []), some([0, 0], [0, 0], [9, 3], [np.nan, np.nan])])
def test_without_a_repeat_there_is_nothing_to_learn(who: Histories) -> None:
    """Nobody at all, or nobody who came back: said, not guessed."""
    with pytest.raises(NothingToLearnError):
        fit(who)


def test_few_customers_and_equal_amounts_are_no_trap() -> None:
    """One customer who came back; amounts that never vary; amounts that refunds made negative or nobody knows."""
    for who in (
        some([3], [4.0], [9.0], [50.0]),
        some([3] * 20, [4.0] * 20, [9.0] * 20, [50.0] * 20),
        some([3] * 20, [4.0] * 20, [9.0] * 20, [-5.0, np.nan] * 10),
    ):
        seen = outlook(fit(who), who, 12.0)
        for figures in (seen.p_alive, seen.purchases, seen.order_value):
            assert np.isfinite(figures).all()
            assert (figures >= 0).all()


def test_an_extreme_customer_overflows_nothing() -> None:
    """Ten thousand purchases, and somebody gone for fifty years."""
    extreme = some([10_000, 10_000, 0], [500.0, 1.0, 0.0], [501.0, 2_600.0, 2_600.0], [9e9, 1.0, np.nan])
    expected = MODEL.purchases(WEEKS, extreme.repeats, extreme.last, extreme.age)
    alive = MODEL.p_alive(extreme.repeats, extreme.last, extreme.age)
    assert np.isfinite(expected).all()
    assert alive[1] < 1e-12
