"""What is taken over the rows of each person: aggregates of CASE, never FILTER, which costs DuckDB twice as much."""

from typing import Any, Final

import ibis
import ibis.expr.operations as ops

from projections.batch.compiling.known import Column, Known

# Takes that need the rows of each value put together before.
BY_VALUE: Final = frozenset({"distinct", "top", "active_days"})
_NOTHING: Final = frozenset({"count", "distinct", "active_days"})
_SPREADS: Final = {
    "mean": lambda column: column.mean(),
    "min": lambda column: column.min(),
    "max": lambda column: column.max(),
    "stddev": lambda column: column.std(how="sample"),
}


def when(test: Column | None, column: Column) -> Column:
    """Return the column where the test holds."""
    return column if test is None else test.ifelse(column, ibis.null(column.type()))


def counted(test: Column | None, table: Any) -> Column:
    """Return how many rows pass the test."""
    return table.count() if test is None else test.ifelse(1, ibis.null("int8")).count()


def aggregate(take: str, table: Any, field: Known, test: Column | None) -> Column:  # noqa: PLR0911 - one way out for each take
    """Return the aggregate of a take; None where the field has nothing that it could be taken of."""
    match take:
        case "count":
            return counted(test, table)
        case "days_since_first":
            return when(test, table["day"]).min()
        case "days_since_last":
            return when(test, table["day"]).max()
        case "first" | "last":
            return _end(take, table, field, test)
    if field.number is None:
        return None
    if take == "sum":
        total = when(test, field.number).sum()
        return total.cast("int64") if field.number.type().is_integer() else total
    return _SPREADS[take](when(test, field.number))


def finished(take: str, column: Column, today: int) -> Column:
    """Return what a take comes to for a person, from its aggregate, which is missing for who has no rows."""
    if take in _NOTHING:
        return column.fill_null(0)
    if take in {"days_since_first", "days_since_last"}:
        return ibis.literal(today, type="int64") - column
    return column["value"] if take in {"first", "last"} else column


def _end(take: str, table: Any, field: Known, test: Column | None) -> Column:
    """Return the greatest (time, value), with the time backwards for the first: ties go to the greater value."""
    value = next(iter(field.columns.values()), None)
    if value is None:
        return None
    at = table["at"] if take == "last" else -table["at"]
    both = ibis.struct({"at": at, "value": value})
    told = value.notnull() if test is None else test & value.notnull()
    return ops.Max(when(told, both)).to_expr()


def most_frequent(value: Column, count: Column) -> Column:
    """Return the aggregate (count backwards, value) of the most frequent value, ties to the lesser value."""
    both = ibis.struct({"count": -count, "value": value})
    return ops.Min(when(count > 0, both)).to_expr()
