"""The kind `btyd`: expected purchases and spending over a horizon, from the pattern of purchases alone."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from workers.scoring.artefact import Artefact
from workers.scoring.btyd import bg_nbd, gamma_gamma
from workers.scoring.btyd.bg_nbd import BgNbd
from workers.scoring.btyd.gamma_gamma import GammaGamma
from workers.scoring.btyd.histories import Histories, grouped
from workers.scoring.btyd.reading import histories_of, weeks
from workers.scoring.drift import reference, references
from workers.scoring.features import PURCHASES, after, matched, numbers, purchase_days, spent
from workers.scoring.kind import Days, Learned, NothingToLearnError, Numbers, Scores, Source, Told
from workers.scoring.measuring import deciles, ranking
from workers.scoring.reasons import reasons_column

# So few are not worth grouping.
_FEW: Final = 100


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days ahead it speaks."""

    horizon_days: Days = 90


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """Both models; where too few bought again for different amounts, everybody is taken to spend `mean` a purchase."""

    frequency: BgNbd
    money: GammaGamma | None
    mean: float

    def order_value(self, histories: Histories) -> Numbers:
        """Return what each customer is expected to spend on a day of purchase."""
        if self.money is None:
            return np.full(len(histories), self.mean)
        return self.money.order_value(histories.repeats, histories.mean)


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected of each customer: alive or gone, purchases over the horizon, spending at each."""

    p_alive: Numbers
    purchases: Numbers
    order_value: Numbers

    @property
    def value(self) -> Numbers:
        """Expected spending over the horizon."""
        return self.purchases * self.order_value


def fit(histories: Histories) -> Fitted:
    """Fit both models; raises `NothingToLearnError` where nobody ever bought again."""
    means = histories.mean[gamma_gamma.usable(histories)]
    try:
        money = gamma_gamma.fit(histories)
    except NothingToLearnError:
        money = None
    return Fitted(frequency=bg_nbd.fit(histories), money=money, mean=float(means.mean()) if means.size else 0.0)


def outlook(fitted: Fitted, histories: Histories, horizon: float) -> Outlook:
    """Say what is expected of each customer within the horizon, in the unit of time of the histories."""
    if len(histories) <= _FEW:
        alone = (histories.repeats, histories.last, histories.age)
        return Outlook(
            p_alive=fitted.frequency.p_alive(*alone),
            purchases=fitted.frequency.purchases(horizon, *alone),
            order_value=fitted.order_value(histories),
        )
    groups = grouped(histories)
    seen = (groups.repeats, groups.last, groups.age)
    return Outlook(
        p_alive=fitted.frequency.p_alive(*seen)[groups.of],
        purchases=fitted.frequency.purchases(horizon, *seen)[groups.of],
        order_value=fitted.order_value(histories),
    )


class BuyTillYouDie:
    """BG/NBD and Gamma-Gamma."""

    parameters = Parameters

    def train(
        self,
        source: Source,
        at: datetime,
        parameters: Parameters,
        *,
        previous: Artefact | None,  # noqa: ARG002 - maximum likelihood finds the same from anywhere
        told: Told,
    ) -> Learned:
        """Fit to everything known at `at`, and say how good the same fit of a horizon ago has proved."""
        told("features", 0, 3)
        table = source.values(PURCHASES, at)
        histories, _ = histories_of(table)
        told("fit", 1, 3)
        fitted = fit(histories)
        told("proof", 2, 3)
        proof, report = _proved(source, at, parameters.horizon_days)
        seen = outlook(fitted, histories, weeks(parameters.horizon_days))
        told("done", 3, 3)
        return Learned(
            artefact=Artefact(
                kind="btyd",
                parameters=msgspec.to_builtins(parameters),
                numbers=msgspec.to_builtins(fitted),
                references=references(_features(table)),
                scored=reference(seen.value),
            ),
            cut_at=at,
            data_since=_since(table, at),
            rows=len(histories),
            features=tuple(PURCHASES),
            metrics=_figures(fitted, histories) | proof,
            report=report,
        )

    def score(self, artefact: Artefact, source: Source, at: datetime, *, told: Told) -> Scores:
        """Say what everybody who ever bought is expected to spend."""
        told("features", 0, 2)
        table = source.values(PURCHASES, at)
        told("scores", 1, 2)
        histories, rows = histories_of(table)
        fitted = msgspec.convert(artefact.numbers, Fitted)
        seen = outlook(fitted, histories, weeks(float(artefact.parameters["horizon_days"])))
        columns = {
            "profile_id": table["profile_id"].take(rows),
            "value": seen.value,
            "reasons": _reasons(table.take(rows), seen),
            "p_alive": seen.p_alive,
            "purchases": seen.purchases,
            "order_value": seen.order_value,
        }
        told("done", 2, 2)
        return Scores(table=pa.table(columns), features=_features(table))


BTYD: Final = BuyTillYouDie()


def _proved(source: Source, at: datetime, horizon_days: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return how good a fit a horizon ago proves on what has happened since; nothing where it could not be made."""
    cut = at - timedelta(days=horizon_days)
    then = source.values(PURCHASES, cut)
    histories, rows = histories_of(then)
    try:
        fitted = fit(histories)
    except NothingToLearnError:
        return {}, {}
    since = after(cut, at)
    came = source.values({"days": purchase_days(since), "spent": spent(since)}, at)
    ids = then["profile_id"].take(rows)
    days, money = (np.nan_to_num(matched(ids, came, name)) for name in ("days", "spent"))
    seen = outlook(fitted, histories, weeks(horizon_days))
    figures = {f"proof_{name}": value for name, value in ranking(money, seen.value).items()}
    figures["proof_purchases_ratio"] = float(seen.purchases.sum() / days.sum()) if days.sum() else 0.0
    return figures, {"deciles": deciles(money, seen.value), "proof_cut_at": cut.isoformat()}


def _figures(fitted: Fitted, histories: Histories) -> dict[str, float]:
    figures = {
        name: float(value)
        for name, value in msgspec.structs.asdict(fitted.frequency).items()
        if name != "log_likelihood"
    }
    figures["log_likelihood"] = fitted.frequency.log_likelihood
    depends = gamma_gamma.dependence(histories)
    figures["spending_depends_on_frequency"] = depends
    figures["independence_holds"] = float(abs(depends) < gamma_gamma.INDEPENDENT_BELOW)
    if fitted.money is not None:
        figures |= {"p": fitted.money.p, "q": fitted.money.q, "gamma": fitted.money.gamma}
    return figures


def _features(table: pa.Table) -> dict[str, Numbers]:
    return {name: numbers(table, name) for name in ("days_since_last", "purchase_days", "spent")}


def _since(table: pa.Table, at: datetime) -> datetime | None:
    first = numbers(table, "days_since_first")
    return at - timedelta(days=float(np.nanmax(first))) if np.isfinite(first).any() else None


def _reasons(table: pa.Table, seen: Outlook) -> Any:
    """Say why: the value is p_alive, times purchases if alive, times spending at each; their logarithms add up."""
    factors = (seen.p_alive, seen.purchases / np.maximum(seen.p_alive, 1e-12), seen.order_value)
    effects = np.column_stack([_against_the_mean(factor) for factor in factors])
    values = {
        "p_alive": seen.p_alive,
        "purchase_days": numbers(table, "purchase_days"),
        "order_value": seen.order_value,
    }
    return reasons_column(values, effects)


def _against_the_mean(factor: Numbers) -> Numbers:
    logs = np.log(np.maximum(factor, 1e-12))
    return np.asarray(logs - logs.mean() if logs.size else logs, np.float64)
