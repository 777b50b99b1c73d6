"""`ltv`: a million customers of a made-up shop fitted and scored, a single one asked, and the yardstick CDNOW."""

import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domain.kernel.rules.tree import Rule, Value
from workers.bench.cdnow import WEEKS, cdnow, histories_at
from workers.bench.ledger import Ledger, cdnow_ledger
from workers.bench.report import Floor, Report, load, percentile
from workers.bench.shop import AT, shop
from workers.scoring.btyd import bg_nbd
from workers.scoring.btyd.kind import BTYD
from workers.scoring.btyd.kind import Parameters as BtydParameters
from workers.scoring.features import PURCHASES, after, numbers, purchase_days, spent
from workers.scoring.kind import Learned, silent
from workers.scoring.ltv.kind import LTV, Parameters, fitted_of, stages_of
from workers.scoring.ltv.matrix import COLUMNS, matrix
from workers.scoring.ltv.two_stage import Stages

T = TypeVar("T")
DEFAULT_ITEMS: Final = 1_000_000
_HORIZON: Final = 90
_ASKED: Final = 2_000
_SEED: Final = 11
_CDNOW_END: Final = datetime(1998, 6, 30, 23, 59, tzinfo=AT.tzinfo)


class Prepared:
    """What batch works out, worked out before: the bench measures models, not batch (`koi bench tags` does)."""

    def __init__(self, ledger: Ledger) -> None:
        """Work out whatever will be asked for."""
        self.zone = ledger.zone
        cut = AT - timedelta(days=_HORIZON)
        since = after(cut, AT)
        asked: list[tuple[Mapping[str, Value], datetime]] = [
            (COLUMNS, cut),
            (COLUMNS, AT),
            (PURCHASES, cut),
            (PURCHASES, AT),
            ({"spent": spent(since)}, AT),
            ({"days": purchase_days(since), "spent": spent(since)}, AT),
        ]
        self._known = {(tuple(columns), at): ledger.values(columns, at) for columns, at in asked}

    def values(self, columns: Mapping[str, Value], at: datetime) -> pa.Table:
        """Return what was prepared."""
        return self._known[tuple(columns), at]

    def purchase_days(self, at: datetime) -> pa.Table:
        """Nobody asks."""
        raise NotImplementedError

    def members(self, rules: Mapping[str, Rule], at: datetime) -> pa.Table:
        """Nobody asks."""
        raise NotImplementedError


async def ltv(items: int) -> Report:
    """Measure seconds to fit and score everybody, milliseconds to ask about one, and the figures on CDNOW."""
    began = time.perf_counter()
    source = Prepared(shop(items, _SEED))
    cpu = time.process_time()
    fit_seconds, learned = _timed(lambda: LTV.train(source, AT, Parameters(), previous=None, told=silent))
    score_seconds, scores = _timed(lambda: LTV.score(learned.artefact, source, AT, told=silent))
    cpu = time.process_time() - cpu
    further = {"two stages: fitted, s": fit_seconds, "two stages: scored with reasons, s": score_seconds}
    further |= {f"two stages: {name}": learned.metrics[name] for name in ("gini", "sum_ratio", "pays_auc")}
    further |= _buy_till_you_die(source) | _on_cdnow()
    floor, _ = _timed_floor(source.values(COLUMNS, AT))
    times = _one_by_one(learned, source)
    return Report(
        bench="ltv",
        value=fit_seconds + score_seconds,
        unit="s",
        floor=Floor("the same columns read from Parquet, and one pass over each", floor, "s"),
        ratio=(fit_seconds + score_seconds) / floor,
        cpu_ms_per_item=cpu * 1000 / items,
        items=items,
        lost=items - scores.table.num_rows,
        duplicated=0,
        seconds=time.perf_counter() - began,
        load=load(),
        p50_ms=percentile(times, 0.5),
        p95_ms=percentile(times, 0.95),
        p99_ms=percentile(times, 0.99),
        further=further,
    )


def _buy_till_you_die(source: Prepared) -> dict[str, float]:
    told = BtydParameters(horizon_days=_HORIZON)
    fit_seconds, learned = _timed(lambda: BTYD.train(source, AT, told, previous=None, told=silent))
    score_seconds, _ = _timed(lambda: BTYD.score(learned.artefact, source, AT, told=silent))
    proved = {name: learned.metrics[name] for name in ("r", "a", "b", "p", "q", "proof_sum_ratio", "proof_gini")}
    return {
        "buy till you die: fitted twice, s": fit_seconds,
        "buy till you die: scored with reasons, s": score_seconds,
    } | {f"buy till you die: {name}": value for name, value in proved.items()}


def _on_cdnow() -> dict[str, float]:
    purchases = cdnow()
    histories = histories_at(purchases)
    model = bg_nbd.fit(histories)
    expected = model.purchases(WEEKS, histories.repeats, histories.last, histories.age)
    told = Parameters(horizon_days=273, repeats=3)
    learned = LTV.train(cdnow_ledger(purchases), _CDNOW_END, told, previous=None, told=silent)
    names = ("gini", "sum_ratio", "spearman", "btyd_gini", "past_rate_gini")
    return {
        "CDNOW: BG/NBD r": model.r,
        "CDNOW: BG/NBD alpha": model.alpha,
        "CDNOW: BG/NBD a": model.a,
        "CDNOW: BG/NBD b": model.b,
        "CDNOW: BG/NBD log-likelihood": model.log_likelihood,
        "CDNOW: purchases expected in 39 weeks": float(expected.sum()),
    } | {f"CDNOW: {name}": learned.metrics[name] for name in names}


def _one_by_one(learned: Learned, source: Prepared) -> list[float]:
    """Return milliseconds from the features of one customer to her value, her chance and the effects behind them."""
    table = source.values(COLUMNS, AT)
    fitted, stages = fitted_of(learned.artefact), Stages(stages_of(learned.artefact))
    times = []
    for row in np.random.default_rng(_SEED).integers(0, table.num_rows, _ASKED):
        one = table.slice(int(row), 1)
        began = time.perf_counter()
        known = matrix(one, fitted, _HORIZON)
        stages.said(known.x, known.age)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _timed_floor(table: pa.Table) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "columns.parquet"
        pq.write_table(table, path)

        def read_and_pass() -> float:
            read = pq.read_table(path)
            return sum(float(np.nansum(numbers(read, name))) for name in COLUMNS)

        return _timed(read_and_pass)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done
