"""Snapshots: what was known of everybody at an instant of the past, and whether she was back in time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.rules.tree import Measure, Value
from workers.scoring.churn.gaps import DayNumbers, Visits, usual_gaps
from workers.scoring.features import BOUGHT, last_days, numbers, purchase_days, spent
from workers.scoring.kind import Days, Many, NothingToLearnError, Numbers, Source, Told

_WINDOWS: Final = (30, 90, 365)
_EPOCH: Final = datetime(1970, 1, 1).date()  # noqa: DTZ001 - a date has no zone

COLUMNS: Final[Mapping[str, Value]] = {
    "days_since_last": Measure(events=BOUGHT, take="days_since_last"),
    "days_since_first": Measure(events=BOUGHT, take="days_since_first"),
    "purchase_days": purchase_days(),
    "spent": spent(),
    **{f"purchases_{days}d": purchase_days(last_days(days)) for days in _WINDOWS},
    **{f"spent_{days}d": spent(last_days(days)) for days in _WINDOWS},
    **{f"active_{days}d": Measure(take="active_days", within=last_days(days)) for days in _WINDOWS},
}
FEATURES: Final = (*COLUMNS, "order_value", "gap_days", "overdue", "trend")


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many snapshots, so many days apart; the bounds of a usual gap; who is known: bought in so many days."""

    snapshots: Many = 6
    every_days: Days = 30
    least_gap_days: Days = 7
    most_gap_days: Days = 90
    known_days: Days = 365
    seed: int = 7


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The features of those who bought not too long ago; `rows` is where they stand in the table."""

    rows: DayNumbers
    columns: dict[str, Numbers]

    @property
    def x(self) -> Numbers:
        """All columns side by side, in the order of `FEATURES`."""
        return np.column_stack([self.columns[name] for name in FEATURES])


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What was known at `at` (day number `day`), and who did not come back in time."""

    at: datetime
    day: int
    x: Numbers
    columns: dict[str, Numbers]
    gone: Numbers

    def decided_by(self, instant: datetime) -> "Snapshot":
        """Return those of whom it was known at an instant whether they came back in time."""
        waited = (instant - self.at) / timedelta(days=1)
        which = self.columns["gap_days"] <= waited
        columns = {name: column[which] for name, column in self.columns.items()}
        return Snapshot(at=self.at, day=self.day, x=self.x[which], columns=columns, gone=self.gone[which])


def snapshots(source: Source, at: datetime, parameters: Parameters, told: Told) -> list[Snapshot]:
    """Return the snapshots whose outcomes are known at `at`, the newest first.

    Raises `NothingToLearnError` where there is nobody in the newest one.
    """
    taken: list[Snapshot] = []
    newest = at - timedelta(days=parameters.most_gap_days + 1)
    bought = source.purchase_days(at)
    for place in range(parameters.snapshots):
        told("snapshots", place, parameters.snapshots + 1)
        then = newest - timedelta(days=place * parameters.every_days)
        table = source.values(COLUMNS, then)
        visits = visits_of(bought, table)
        known = features_of(table, visits, then, source.zone, parameters)
        if not known.rows.size:
            break
        day = day_of(then, source.zone)
        gaps = np.full(visits.size, np.nan)
        gaps[known.rows] = known.columns["gap_days"]
        back = visits.returned(day, np.nan_to_num(gaps))[known.rows]
        gone = (~back).astype(np.float64)
        taken.append(Snapshot(at=then, day=day, x=known.x, columns=known.columns, gone=gone))
    if not taken:
        raise NothingToLearnError("nobody had bought anything by the newest snapshot: lower most_gap_days")
    return taken


def features_of(table: pa.Table, visits: Visits, at: datetime, zone: ZoneInfo, parameters: Parameters) -> Known:
    """Return the features at `at`; of the visits only those known by then count."""
    last = numbers(table, "days_since_last")
    rows = np.flatnonzero(last <= parameters.known_days)
    columns = {name: np.nan_to_num(numbers(table, name)[rows]) for name in COLUMNS}
    known = visits.until(day_of(at, zone))
    gaps = usual_gaps(known, least=parameters.least_gap_days, most=parameters.most_gap_days)[rows]
    columns |= {
        "order_value": columns["spent"] / np.maximum(columns["purchase_days"], 1),
        "gap_days": gaps,
        "overdue": columns["days_since_last"] / gaps,
        "trend": columns["purchases_30d"] / np.maximum(columns["purchases_90d"] / 3, 1 / 3),
    }
    return Known(rows=rows, columns=columns)


def visits_of(bought: pa.Table, table: pa.Table) -> Visits:
    """Return the days on which the profiles of a table bought; a customer's number is her row."""
    places: Any = pc.index_in(bought["profile_id"], table["profile_id"])
    known = np.asarray(pc.is_valid(places).to_numpy(zero_copy_only=False), np.bool_)
    customer = np.asarray(places.fill_null(0).to_numpy(zero_copy_only=False), np.int64)[known]
    day = np.asarray(bought["day"].cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)[known]
    order = np.lexsort((day, customer))
    return Visits(customer=customer[order], day=day[order], size=table.num_rows)


def day_of(at: datetime, zone: ZoneInfo) -> int:
    """Return the number of an instant's day on the zone's calendar, from 1970 on."""
    return (at.astimezone(zone).date() - _EPOCH).days
