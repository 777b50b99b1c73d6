"""RFM by stored cut points: how recently, how often, for how much; equal customers have equal scores.

The cut points are quantiles of everybody who ever bought, found once and kept with the version of the model. Applied to
one person's history now, or to everybody's in a batch, they are the same values of the rule language.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

from domain.kernel.rules.tree import Arithmetic, Case, Compare, Constant, Last, Measure, Value, When

BOUGHT: Final = ("order.completed",)
MONEY: Final = ("order.completed", "order.refunded")
SCORES: Final = ("recency", "frequency", "monetary")


class CutPoints(msgspec.Struct, frozen=True, kw_only=True):
    """The values between the scores, rising; `window_days` is how far frequency and money look back (None: for ever).

    Recency is in days since the last purchase, money in fen. There is one score more than cut points.
    """

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    monetary: tuple[float, ...]
    window_days: int | None = None


def score_of(value: float, cuts: Sequence[float], *, less_is_better: bool = False) -> int:
    """Return the score of a value, 1 the worst: how many cut points it passes; equal values have equal scores."""
    passed = len(cuts) - bisect_right(cuts, value) if less_is_better else bisect_left(cuts, value)
    return passed + 1


def measures(window_days: int | None) -> dict[str, Value]:
    """Return what is measured of a person."""
    within = Last(amount=window_days) if window_days else None
    return {
        "recency": Measure(events=BOUGHT, take="days_since_last"),
        "frequency": Measure(events=MONEY, take="sum", field="orders", within=within),
        "monetary": Measure(events=MONEY, take="sum", field="net_amount", within=within),
    }


def as_values(cuts: CutPoints) -> dict[str, Value]:
    """Return the three scores and their total as values of the rule language; missing for who never bought."""
    measured = measures(cuts.window_days)
    last = measured["recency"]
    scores: dict[str, Value] = {
        "recency": _recency(last, cuts.recency),
        "frequency": _rising(measured["frequency"], cuts.frequency, bought=last),
        "monetary": _rising(measured["monetary"], cuts.monetary, bought=last),
    }
    both = Arithmetic(op="add", left=scores["recency"], right=scores["frequency"])
    return scores | {"total": Arithmetic(op="add", left=both, right=scores["monetary"])}


def _recency(days: Value, cuts: Sequence[float]) -> Value:
    best = len(cuts) + 1
    cases = [_when(Compare(left=days, op="lt", right=cut), best - place) for place, cut in enumerate(cuts)]
    return Case(cases=(*cases, _when(Compare(left=days, op="exists"), 1)))


def _rising(measure: Value, cuts: Sequence[float], *, bought: Value) -> Value:
    # Whoever bought, but nothing in the window, has the lowest score; who never bought has none.
    lowest = _when(Compare(left=bought, op="exists"), 1)
    passed = [_when(Compare(left=measure, op="gt", right=cut), place + 2) for place, cut in enumerate(cuts)]
    return Case(cases=(*reversed(passed), lowest))


def _when(rule: Compare, score: int) -> When:
    return When(rule=rule, then=Constant(value=score))
