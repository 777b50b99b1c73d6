"""The people of the made-up town: each one's type, habits and turns of life."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from workers.scoring.simulation.types import FORMER, Type

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Times are in days before the instant that is asked about.
HISTORY: Final = 540.0
_NEWCOMERS: Final = 60.0


class People(msgspec.Struct, frozen=True, kw_only=True):
    """One row a person. `kind` is the truth, as a place in `names`; `life` whose habits she has.

    She came `joined` days ago; from `turn` days ago on she does only `left` of what she did. Between `pause_since` and
    `pause_until` (the earlier is the greater number) she does nothing. `large` days ago she bought once for
    `large_amount` yuan (0 days: never).
    """

    names: tuple[str, ...]
    kind: Ints
    life: Ints
    joined: Floats
    turn: Floats
    left: Floats
    pause_since: Floats
    pause_until: Floats
    large: Floats
    large_amount: Floats
    orders: Floats
    amount: Floats
    visits: Floats
    live: Floats
    discount: Floats
    coupon: Floats
    scene: Floats
    is_baby: NDArray[np.bool_]


def people(types: Mapping[str, Type], count: int, random: np.random.Generator, *, spread: float = 1.0) -> People:
    """Draw so many people of these types.

    `spread` is how difficult the town is: how widely habits lie around a type's, as a multiple of the standard
    deviations that were written down; at 0.5 people stray half as far from their type.
    """
    names = tuple(types)
    kind = random.choice(len(names), size=count, p=[one.share for one in types.values()])
    former = random.choice([names.index(name) for name in FORMER], size=count)
    gone, going, new = (kind == names.index(name) for name in ("lost", "about_to_churn", "potential_new"))
    life = np.where(gone | going, former, kind)
    joined = random.uniform(5.0, HISTORY, count)
    joined = np.where(new, random.uniform(1.0, _NEWCOMERS, count), joined)
    turn, left = _turns(joined, gone, going, random)
    pause_since, pause_until = _pauses(joined, random)
    large = np.where(random.random(count) < 0.08, random.uniform(0.0, 1.0, count) * joined, 0.0)
    return People(
        names=names,
        kind=kind,
        life=life,
        joined=np.where(gone | going, np.maximum(joined, turn + 60.0), joined),
        turn=turn,
        left=left,
        pause_since=pause_since,
        pause_until=pause_until,
        large=large,
        large_amount=random.uniform(2500.0, 7000.0, count),
        **_habits(list(types.values()), life, random, spread),
    )


def _turns(
    joined: Floats, gone: NDArray[np.bool_], going: NDArray[np.bool_], random: np.random.Generator
) -> tuple[Floats, Floats]:
    """The lost left 90 to 400 days ago, all but; those about to leave began to 20 to 75 days ago."""
    count = joined.size
    turn = np.where(gone, random.uniform(90.0, 400.0, count), np.where(going, random.uniform(20.0, 75.0, count), 0.0))
    left = np.where(gone, random.uniform(0.0, 0.06, count), np.where(going, random.uniform(0.1, 0.4, count), 1.0))
    return turn, left


def _pauses(joined: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """One in eight was away for one to three months within the last year, some until today."""
    count = joined.size
    since = random.uniform(20.0, 365.0, count)
    long = random.uniform(30.0, 100.0, count)
    away = random.random(count) < 0.12
    return np.where(away, since, 0.0), np.where(away, np.maximum(since - long, 0.0), 0.0)


def _habits(types: list[Type], life: Ints, random: np.random.Generator, spread: float) -> dict[str, Any]:
    count = life.size
    # A gamma's, and nearly a beta's, variance falls with these; the mean stays.
    tighter = 1.0 / spread**2

    def of(field: str) -> Floats:
        return np.array([getattr(one, field) for one in types], dtype=np.float64)[life]

    def share(field: str) -> Floats:
        pairs = np.array([getattr(one, field) for one in types], dtype=np.float64)[life] * tighter
        return random.beta(pairs[:, 0], pairs[:, 1])

    def around(shape: float) -> Floats:
        return random.gamma(shape * tighter, 1 / (shape * tighter), count)

    # Three in ten watch live streams at all, of those who do not live by it.
    live = of("live") * around(1.5)
    return {
        "orders": of("orders") * around(3.0),
        "amount": of("amount") * np.exp(random.normal(0.0, 0.4 * spread, count)),
        "visits": of("visits") * around(2.0),
        "live": np.where((random.random(count) < 0.3) | (of("live") > 0.1), live, 0.0),
        "discount": share("discount"),
        "coupon": share("coupon"),
        "scene": share("scene"),
        "is_baby": random.random(count) < 0.5,
    }
