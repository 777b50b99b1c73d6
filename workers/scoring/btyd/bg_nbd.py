"""BG/NBD: purchases while alive are a Poisson process, after each a customer may be gone for good.

Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2). Rates of purchase lie in the
population as Gamma(r, alpha), chances of leaving as Beta(a, b). Fitted by maximum likelihood over logarithms of the
parameters, with the gradient in closed form.
"""

from typing import Any, Final

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1, psi

from workers.scoring.btyd.histories import Groups, Histories, grouped
from workers.scoring.kind import NothingToLearnError, Numbers

_BOUNDS: Final = [(-7.0, 9.0)] * 4
_LARGEST_EXPONENT: Final = 700.0
# The closed form divides by a - 1.
_NEAR_ONE: Final = 1e-6


class BgNbd(msgspec.Struct, frozen=True, kw_only=True):
    """The fitted parameters; `alpha` is in the unit of time of the histories."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def p_alive(self, repeats: Numbers, last: Numbers, age: Numbers) -> Numbers:
        """Return the probability that each customer will ever buy again; 1 before the first repeat."""
        return np.asarray(1.0 / (1.0 + self._odds_of_death(repeats, last, age)), np.float64)

    def purchases(self, horizon: float, repeats: Numbers, last: Numbers, age: Numbers) -> Numbers:
        """Return how many purchases each customer is expected to make within the horizon.

        The paper's equation (10) after Euler's transformation of the hypergeometric function, which takes the powers of
        r + x away: nothing overflows, however often somebody bought.
        """
        a = self.a if abs(self.a - 1) > _NEAR_ONE else 1 + _NEAR_ONE
        z = horizon / (self.alpha + age + horizon)
        total = a + self.b + repeats - 1
        series = hyp2f1(a + self.b - 1 - self.r, a - 1, total, z)
        expected = total / (a - 1) * (1 - np.power(1 - z, a - 1) * series)
        return np.asarray(np.maximum(expected * self.p_alive(repeats, last, age), 0.0), np.float64)

    def _odds_of_death(self, repeats: Numbers, last: Numbers, age: Numbers) -> Numbers:
        exponent = (self.r + repeats) * np.log((self.alpha + age) / (self.alpha + last))
        bought = np.maximum(repeats, 1.0)
        odds = self.a / (self.b + bought - 1) * np.exp(np.minimum(exponent, _LARGEST_EXPONENT))
        return np.where(repeats > 0, odds, 0.0)


def fit(histories: Histories) -> BgNbd:
    """Fit the model; raises `NothingToLearnError` where nobody ever bought again, or no time has passed."""
    if not len(histories) or histories.repeats.max() <= 0 or histories.age.max() <= 0:
        raise NothingToLearnError("nobody has bought on a second day yet: there is no pattern to learn from")
    groups = grouped(histories)
    share = groups.weight / groups.weight.sum()
    start = np.log([0.5, max(np.average(groups.age, weights=groups.weight), 1e-3) / 4, 1.0, 2.0])
    found: Any = minimize(
        _loss_and_gradient,
        start,
        args=(groups, share, *np.unique(groups.repeats, return_inverse=True)),
        jac=True,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
    )
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    return BgNbd(r=r, alpha=alpha, a=a, b=b, log_likelihood=-float(found.fun) * len(histories))


def _loss_and_gradient(
    logs: Numbers, groups: Groups, share: Numbers, counts: Numbers, at: Any
) -> tuple[float, Numbers]:
    """Return the negative mean log-likelihood and its gradient by the logarithms of the parameters.

    `counts` are the numbers of repeats there are: functions of x alone are worked out once for each, `at` its place.
    """
    r, alpha, a, b = np.exp(logs)
    x, again = groups.repeats, groups.repeats > 0
    fixed = gammaln(r + counts) - gammaln(r) + gammaln(a + b) - gammaln(a + b + counts)
    fixed += gammaln(b + counts) - gammaln(b) + r * np.log(alpha)
    log_age, log_last = np.log(alpha + groups.age), np.log(alpha + groups.last)
    alive = -(r + x) * log_age
    left_after = b + np.maximum(x, 1.0) - 1
    gone = np.where(again, np.log(a) - np.log(left_after) - (r + x) * log_last, -np.inf)
    either = np.logaddexp(alive, gone)
    is_gone = np.exp(gone - either)
    is_alive = 1 - is_gone
    by_r = psi(r + counts) - psi(r) + np.log(alpha)
    by_ab = psi(a + b) - psi(a + b + counts)
    by_b = by_ab + psi(b + counts) - psi(b)
    gradient = np.array(
        [
            share @ (by_r[at] - is_alive * log_age - is_gone * log_last),
            share @ (r / alpha - (r + x) * (is_alive / (alpha + groups.age) + is_gone / (alpha + groups.last))),
            share @ (by_ab[at] + is_gone / a),
            share @ (by_b[at] - is_gone / left_after),
        ]
    )
    return -float(share @ (fixed[at] + either)), -gradient * np.array([r, alpha, a, b])
