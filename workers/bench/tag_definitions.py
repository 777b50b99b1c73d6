"""The 300 tags of `tags`, each as a value of the rule tree and as SQL that somebody wrote by hand."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from domain.kernel.rules.tree import Arithmetic, Compare, Field, Last, Measure, Rule, Take, Value
from workers.bench.tag_data import CATEGORIES, CHANNELS, NAMES, NOW_MICROS, TODAY

WINDOWS: Final = (7, 30, 90, 365)
ORDER: Final = "order.completed"
VIEW: Final = "product.viewed"
_DAY: Final = 86_400_000_000
_LAST_DAYS: Final = {days: NOW_MICROS - days * _DAY + 1 for days in WINDOWS}


class Tag(NamedTuple):
    """A tag, both ways; `sql` is an expression over the aggregates of a customer's rows."""

    key: str
    value: Value
    sql: str


class Ranked(NamedTuple):
    """A tag of distinct or most frequent values: of these events, over this field, in this window."""

    key: str
    value: Measure
    event: str
    field: str
    days: int
    rank: int


def direct() -> list[Tag]:
    """Return the tags that one aggregation comes to: 107 counts, 48 amounts, 62 ratios, 26 recencies and one tenure."""
    return [*_counts(), *_amounts(), *_ratios(), *_recencies(), Tag("tenure", _of("", take="days_since_first"), _SINCE)]


def ranked() -> list[Ranked]:
    """Return 24 tags of distinct values and 32 of the most frequent ones."""
    found = []
    for event in (ORDER, VIEW):
        for days in WINDOWS:
            found += [_distinct(event, field, days) for field in ("product_id", "category", "channel")]
            found += [_top(event, "category", days, rank) for rank in (1, 2)]
            found += [_top(event, field, days, 1) for field in ("product_id", "channel")]
    return found


def _counts() -> Iterator[Tag]:
    for name in NAMES:
        yield from (_count(name, days) for days in WINDOWS)
    for category in CATEGORIES:
        yield from (_count(ORDER, days, "category", category) for days in WINDOWS)
    yield from (_count(ORDER, 90, "channel", channel) for channel in CHANNELS[:3])


def _amounts() -> Iterator[Tag]:
    takes: tuple[Take, ...] = ("sum", "mean", "min", "max", "stddev")
    for take in takes:
        yield from (_amount(take, days) for days in WINDOWS)
    yield from (_amount("sum", 365, "category", category) for category in CATEGORIES)
    for channel in CHANNELS:
        yield from (_amount("sum", days, "channel", channel) for days in (30, 365))


def _ratios() -> Iterator[Tag]:
    for category in CATEGORIES:
        yield _ratio(_amount("sum", 365, "category", category), _amount("sum", 365))
        yield _ratio(_count(ORDER, 90, "category", category), _count(ORDER, 90))
    for part, whole in ((ORDER, "cart.item_added"), ("cart.item_added", VIEW), ("coupon.redeemed", ORDER)):
        yield from (_ratio(_count(part, days), _count(whole, days)) for days in WINDOWS)
    for name in (ORDER, VIEW, "app.opened"):
        yield from (_ratio(_count(name, few), _count(name, many)) for few, many in ((7, 30), (30, 90), (90, 365)))
    yield _ratio(_count(ORDER, 365, "channel", "app"), _count(ORDER, 365))


def _recencies() -> Iterator[Tag]:
    for name in NAMES:
        value = _of(name, take="days_since_last")
        yield Tag(f"since {name}", value, f"{TODAY} - max(CASE WHEN name = '{name}' THEN day END)")
    for category in CATEGORIES:
        value = _of(ORDER, take="days_since_last", where=_is("category", category))
        test = f"name = '{ORDER}' AND f_category = '{category}'"
        yield Tag(f"since {category}", value, f"{TODAY} - max(CASE WHEN {test} THEN day END)")


_SINCE: Final = f"{TODAY} - min(day)"


def _count(name: str, days: int, field: str = "", wanted: str = "") -> Tag:
    where = _is(field, wanted) if field else None
    key = f"count {name} {wanted} {days}"
    return Tag(key, _of(name, days=days, where=where), f"count_if({_test(name, days, field, wanted)})")


def _amount(take: Take, days: int, field: str = "", wanted: str = "") -> Tag:
    where = _is(field, wanted) if field else None
    value = _of(ORDER, days=days, where=where, take=take, field="amount")
    function = {"mean": "avg", "stddev": "stddev_samp"}.get(take, take)
    sql = f"{function}(CASE WHEN {_test(ORDER, days, field, wanted)} THEN f_amount END)"
    return Tag(f"{take} {wanted} {days}", value, sql)


def _ratio(part: Tag, whole: Tag) -> Tag:
    value = Arithmetic(op="divide", left=part.value, right=whole.value)
    return Tag(f"{part.key} / {whole.key}", value, f"CAST({part.sql} AS DOUBLE) / nullif({whole.sql}, 0)")


def _distinct(event: str, field: str, days: int) -> Ranked:
    value = _of(event, days=days, take="distinct", field=field)
    return Ranked(f"distinct {event} {field} {days}", value, event, field, days, 0)


def _top(event: str, field: str, days: int, rank: int) -> Ranked:
    value = _of(event, days=days, take="top", field=field, rank=rank)
    return Ranked(f"top {rank} {event} {field} {days}", value, event, field, days, rank)


def _of(
    name: str,
    *,
    days: int = 0,
    where: Rule | None = None,
    take: Take = "count",
    field: str | None = None,
    rank: int = 1,
) -> Measure:
    within = Last(amount=days, unit="day") if days else None
    events = (name,) if name else ()
    return Measure(events=events, where=where, within=within, take=take, field=field, rank=rank)


def _is(field: str, wanted: str) -> Rule:
    return Compare(left=Field(name=field), op="eq", right=wanted)


def _test(name: str, days: int, field: str, wanted: str) -> str:
    of = f" AND f_{field} = '{wanted}'" if field else ""
    return f"name = '{name}' AND \"at\" >= {_LAST_DAYS[days]}{of}"


def since(days: int) -> int:
    """Return the first microsecond of a window, on a clock without daylight saving."""
    return _LAST_DAYS[days]
