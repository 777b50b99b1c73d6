"""A made-up shop of any size whose customers live by BG/NBD and Gamma-Gamma: what they will do is known."""

from datetime import UTC, datetime
from typing import Final

import numpy as np

from workers.bench.ledger import Ledger

# The instant at which models are trained; customers came in the two years before the horizon that ends here.
AT: Final = datetime(2026, 11, 1, tzinfo=UTC)
_EPOCH_DAY: Final = (AT.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days
_YEARS_DAYS: Final = 730
_DAY: Final = 86_400_000_000
_NOON: Final = _DAY // 2
# Nobody buys on more days than this; it bounds the memory of the simulation.
_ROUNDS: Final = 80


def shop(customers: int, seed: int) -> Ledger:
    """Return purchases until `AT`: rates Gamma(0.6) a 40 days, leaving Beta(0.9, 3), about 80 yuan each."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.6, 1 / 40.0, customers)
    leaves = rng.beta(0.9, 3.0, customers)
    scale = rng.gamma(4.0, 1 / 4_000.0, customers)
    came = _EPOCH_DAY - rng.integers(1, _YEARS_DAYS, customers)
    who, days = [np.arange(customers)], [came]
    alive, now = np.arange(customers), came.astype(np.float64)
    for _ in range(_ROUNDS):
        stays = rng.random(alive.size) >= leaves[alive]
        alive = alive[stays]
        now = now[stays] + rng.exponential(1.0, alive.size) / rate[alive]
        in_time = now < _EPOCH_DAY
        alive, now = alive[in_time], now[in_time]
        who.append(alive)
        days.append(np.floor(now).astype(np.int64))
    customer = np.concatenate(who)
    amount = np.ceil(rng.gamma(6.0, 1.0, customer.size) / scale[customer])
    when = np.concatenate(days) * _DAY + _NOON
    return Ledger(customer, when, np.zeros(customer.size, np.int64), amount)
