"""Gamma-Gamma: what a customer spends at a purchase, drawn to everybody's mean the less she is known.

Fader, Hardie (2013), The Gamma-Gamma Model of Monetary Value, note 025. What is spent is Gamma(p, nu), and nu lies in
the population as Gamma(q, gamma). It assumes that spending does not depend on how often one buys: `dependence` says how
far that is from true.
"""

from typing import Any, Final

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, psi
from scipy.stats import spearmanr

from workers.scoring.btyd.histories import Histories
from workers.scoring.kind import NothingToLearnError, Numbers

_BOUNDS: Final = [(-5.0, 12.0)] * 3
_LEAST: Final = 10
# Above this correlation of spending with frequency the assumption is called broken.
INDEPENDENT_BELOW: Final = 0.3


class GammaGamma(msgspec.Struct, frozen=True, kw_only=True):
    """The fitted parameters; `gamma` is in the unit of money of the histories."""

    p: float
    q: float
    gamma: float
    log_likelihood: float

    def order_value(self, repeats: Numbers, mean: Numbers) -> Numbers:
        """Return what each customer is expected to spend at a purchase; everybody's mean without a repeat."""
        bought = np.where(np.isnan(mean), 0.0, repeats)
        spent = np.where(np.isnan(mean), 0.0, mean) * bought
        # Where q is below 1 the population has no mean: its median-like centre stands in for those never seen again.
        weight = self.p * bought + self.q - 1
        everybody = self.p * self.gamma / (self.q - 1) if self.q > 1 else self.p * self.gamma / self.q
        value = self.p * (self.gamma + spent) / np.where(weight > 0, weight, 1.0)
        return np.asarray(np.where(weight > 0, value, everybody), np.float64)


def usable(histories: Histories) -> Any:
    """Say of whom the model can learn: who bought again and was not given it."""
    return (histories.repeats > 0) & (np.nan_to_num(histories.mean) > 0)


def fit(histories: Histories) -> GammaGamma:
    """Fit the model to those who bought again; raises `NothingToLearnError` where these are too few or all alike."""
    known = histories.chosen(usable(histories))
    if len(known) < _LEAST or np.ptp(known.mean) <= 0:
        raise NothingToLearnError(f"fewer than {_LEAST} customers have bought again for different amounts")
    counts, at = np.unique(known.repeats, return_inverse=True)
    scale = float(known.mean.mean())
    means = known.mean / scale
    found: Any = minimize(
        _loss_and_gradient,
        np.log([4.0, 4.0, 3.0]),
        args=(counts, at, means),
        jac=True,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
    )
    p, q, gamma = (float(value) for value in np.exp(found.x))
    # The density of money in units of `scale`, back in units of one.
    log_likelihood = -(float(found.fun) + np.log(scale)) * len(known)
    return GammaGamma(p=p, q=q, gamma=gamma * scale, log_likelihood=float(log_likelihood))


def dependence(histories: Histories) -> float:
    """Return the rank correlation of spending with frequency among those who bought again; 0 is what is assumed."""
    known = histories.chosen(usable(histories))
    if len(known) < _LEAST or np.ptp(known.mean) <= 0 or np.ptp(known.repeats) <= 0:
        return 0.0
    return float(spearmanr(known.repeats, known.mean).statistic)


def _loss_and_gradient(logs: Numbers, counts: Numbers, at: Any, means: Numbers) -> tuple[float, Numbers]:
    """Return the negative mean log-likelihood and its gradient by the logarithms of the parameters."""
    p, q, gamma = np.exp(logs)
    x = counts[at]
    seen = gamma + x * means
    log_seen, log_spent = np.log(seen), np.log(means * x)
    fixed = gammaln(p * counts + q) - gammaln(p * counts) - gammaln(q) + q * np.log(gamma)
    loss = -float(np.mean(fixed[at] + p * x * log_spent - np.log(means) - (p * x + q) * log_seen))
    by_p = counts * (psi(p * counts + q) - psi(p * counts))
    by_q = psi(p * counts + q) - psi(q) + np.log(gamma)
    gradient = np.array(
        [
            np.mean(by_p[at] + x * log_spent - x * log_seen),
            np.mean(by_q[at] - log_seen),
            np.mean(q / gamma - (p * x + q) / seen),
        ]
    )
    return loss, -gradient * np.array([p, q, gamma])
