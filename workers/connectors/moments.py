"""Times as files write them, as SQL: an instant of UTC, whatever the spelling and the zone."""

from typing import Final

from domain.ingestion.mapping import Column
from workers.connectors.engine import literal

EARLIEST: Final = "1970-01-01"
LATEST: Final = "2200-01-01"
# Behind a time of day: the end of a date looks like an offset too.
_OFFSET: Final = r":\d{2}(\.\d+)?\s*(Z|[+-]\d{2}(:?\d{2})?)\s*$"
_SPELLINGS: Final = (
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d %H:%M:%S", "%Y.%m.%d"),
    *("%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日", "%Y%m%d%H%M%S", "%Y%m%d"),
)
_EPOCHS: Final = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000}


def local(column: Column, raw: str, kind: str) -> str:
    """Return what the clock on the wall showed, as a timestamp; null where the text is no time."""
    if kind != "VARCHAR":
        return f"CAST({raw} AS TIMESTAMP)"
    if column.format:
        return f"CAST(try_strptime({raw}, {literal(column.format)}) AS TIMESTAMP)"
    spellings = ", ".join(map(literal, _SPELLINGS))
    return f"coalesce(TRY_CAST({raw} AS TIMESTAMP), try_strptime({raw}, [{spellings}]))"


def instant(column: Column, raw: str, kind: str) -> str:
    """Return the instant as a timestamp of UTC: an offset in the text counts, else the column's zone does."""
    if column.format in _EPOCHS:
        microseconds = f"TRY_CAST({raw} AS DECIMAL(38, 6)) * {_EPOCHS[column.format]}"
        return f"make_timestamp(TRY_CAST({microseconds} AS BIGINT))"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {raw})"
    shown = local(column, raw, kind)
    if column.last_day:
        shown = f"date_trunc('day', {shown}) + INTERVAL 1 DAY"
    zone = column.zone or "UTC"
    here = shown if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {shown}))"
    if kind != "VARCHAR":
        return here
    if column.format:
        parsed = f"timezone('UTC', try_strptime({raw}, {literal(column.format)}))"
        return parsed if "%z" in column.format else here
    # A cast to TIMESTAMP would leave the offset out without a word.
    there = f"timezone('UTC', TRY_CAST({raw} AS TIMESTAMPTZ))"
    return f"CASE WHEN regexp_matches({raw}, {literal(_OFFSET)}) THEN {there} ELSE {here} END"


def in_range(value: str) -> str:
    """Return the condition that an instant is one that can be meant."""
    return f"({value} >= TIMESTAMP '{EARLIEST}' AND {value} < TIMESTAMP '{LATEST}') IS TRUE"
