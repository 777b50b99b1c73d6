"""A source of plain rows: who, when, what, for how much. It answers the few measures that models ask, in numpy.

Stands in for the lake where models are measured or tested by themselves; days are those of UTC.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.kernel.rules.tree import Measure, Rule, Value
from domain.kernel.rules.windows import bounds
from workers.bench.cdnow import Purchases
from workers.scoring.kind import Numbers

Row = tuple[int, datetime, str, int]
START: Final = datetime(1997, 1, 1, 12, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = 86_400_000_000
# More days than any history has.
_DAYS: Final = 1_000_000
_NAMES: Final = ("order.completed", "order.refunded", "page.viewed")
_BOUGHT, _REFUNDED = 0, 1


class Ledger:
    """What is known of everybody; nothing after the instant is looked at."""

    zone = ZoneInfo("UTC")

    def __init__(self, who: NDArray[Any], when: NDArray[Any], what: NDArray[Any], amount: Numbers) -> None:
        """Take the rows in any order: customers by number, microseconds of UTC, places in `_NAMES`, fen."""
        order = np.lexsort((amount, when, who))
        self._who, self._when = who[order].astype(np.int64), when[order].astype(np.int64)
        self._what, self._amount = what[order], amount[order].astype(np.float64)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Ledger":
        """Return a ledger of single rows."""
        told = list(rows)
        return cls(
            np.array([row[0] for row in told], np.int64),
            np.array([micros(row[1]) for row in told], np.int64),
            np.array([_NAMES.index(row[2]) for row in told], np.int64),
            np.array([row[3] for row in told], np.float64),
        )

    def values(self, columns: Mapping[str, Value], at: datetime) -> pa.Table:
        """Answer measures of purchases as of an instant."""
        seen = self._when <= micros(at)
        people = np.unique(self._who[seen])
        found: dict[str, Any] = {"profile_id": _profiles(people)}
        for name, value in columns.items():
            if not isinstance(value, Measure):
                raise NotImplementedError(name)
            numbers = self._measured(value, at, seen, people)
            found[name] = pa.array(numbers, mask=np.isnan(numbers))
        return pa.table(found)

    def purchase_days(self, at: datetime) -> pa.Table:
        """Say who bought on which days."""
        chosen = (self._when <= micros(at)) & (self._what == _BOUGHT)
        codes = np.unique(self._who[chosen] * _DAYS + self._when[chosen] // _DAY)
        return pa.table({"profile_id": _profiles(codes // _DAYS), "day": codes % _DAYS})

    def members(self, rules: Mapping[str, Rule], at: datetime) -> pa.Table:
        """Answer no rule."""
        raise NotImplementedError

    def _measured(self, measure: Measure, at: datetime, seen: NDArray[np.bool_], people: NDArray[np.int64]) -> Numbers:
        chosen = seen.copy()
        if measure.events:
            chosen &= np.isin(self._what, [_NAMES.index(name) for name in measure.events])
        if measure.within is not None:
            since, before = bounds(measure.within, at, self.zone)
            chosen &= (self._when >= micros(since)) & (self._when < micros(before))
        place = np.searchsorted(people, self._who[chosen])
        return _taken(measure, place, self._when[chosen], self._signed(measure, chosen), people.size, micros(at))

    def _signed(self, measure: Measure, chosen: NDArray[np.bool_]) -> Numbers:
        sign = np.where(self._what[chosen] == _REFUNDED, -1.0, 1.0)
        amount = self._amount[chosen]
        fields = {"orders": sign, "net_amount": sign * amount, "amount": amount}
        return np.asarray(fields[measure.field or "orders"], np.float64)


def profile(number: int) -> str:
    """Return the id of a customer."""
    return str(UUID(int=number))


def micros(at: datetime | None) -> int:
    """Return an instant in microseconds from 1970 on; None is the beginning."""
    return 0 if at is None else round((at - _EPOCH) / timedelta(microseconds=1))


def cdnow_ledger(purchases: Purchases) -> Ledger:
    """Return CDNOW's purchases as orders, at noon, in cents."""
    when = micros(START) + purchases.day * _DAY
    return Ledger(purchases.customer, when, np.zeros(when.size, np.int64), np.round(purchases.dollars * 100))


def _profiles(numbers: NDArray[np.int64]) -> Any:
    known, places = np.unique(numbers, return_inverse=True)
    return pa.array([profile(int(one)) for one in known], pa.string()).take(places)


def _taken(
    measure: Measure, place: NDArray[Any], when: NDArray[np.int64], field: Numbers, size: int, at: int
) -> Numbers:
    day = when // _DAY
    found = np.full(size, np.nan)
    from_the_end = slice(None, None, -1)
    match measure.take:
        case "count":
            found = np.bincount(place, minlength=size).astype(np.float64)
        case "active_days":
            found = np.bincount(np.unique(place * _DAYS + day) // _DAYS, minlength=size).astype(np.float64)
        case "sum":
            anybody = np.bincount(place, minlength=size) > 0
            found = np.where(anybody, np.bincount(place, field, minlength=size), np.nan)
        case "first":
            found[place[from_the_end]] = field[from_the_end]
        case "last":
            found[place] = field
        case "max":
            order = np.argsort(field, kind="stable")
            found[place[order]] = field[order]
        case "days_since_first":
            found[place[from_the_end]] = at // _DAY - day[from_the_end]
        case "days_since_last":
            found[place] = at // _DAY - day
        case _:
            raise NotImplementedError(measure.take)
    return found
