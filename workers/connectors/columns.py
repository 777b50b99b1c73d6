"""What a column says, as SQL: from what stands in the file to a value with a type."""

from typing import Final

import msgspec

from domain.ingestion.mapping import Column, Scalar
from domain.ingestion.units import factor
from workers.connectors import moments
from workers.connectors.engine import literal

_WHOLE: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_YES: Final = ("1", "true", "t", "yes", "y", "是", "有", "真")
_NO: Final = ("0", "false", "f", "no", "n", "否", "无", "假")
_WHAT: Final = {
    "text": "not a text",
    "integer": "not a whole number",
    "decimal": "not a number",
    "money": "not an amount such as 19.90",
    "boolean": "neither yes nor no",
    "date": "not a date",
    "time": f"not a time between {moments.EARLIEST} and {moments.LATEST}",
}


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """A column as SQL: `value` converts what stands there, `json` writes the value as JSON.

    Where `fails` holds, what stands there is broken, and `what` says in words what it is then.
    """

    value: str
    json: str
    fails: str
    what: str


def read(place: str, kind: str) -> str:
    """Return what stands at a place; null where nothing does."""
    return f"nullif(trim({place}), '')" if kind == "VARCHAR" else place


def converted(column: Column, kind: str, currency: str | None, *, raw: str, value: str) -> Converted:
    """Return the SQL of a column of the engine's type `kind`.

    `raw` and `value` are the names under which the conversion finds what was read, and the rest what was converted.
    """
    if column.values:
        return _translated(column, raw, value, kind)
    made, json = _conversion(column, kind, currency, raw, value)
    fails = f"{raw} IS NOT NULL AND NOT {_holds(column, value)}"
    return Converted(value=made, json=json, fails=fails, what=_WHAT[column.type])


def minor_units(column: Column, currency: str | None, value: str) -> str:
    """Return an amount as a whole number of minor units, half to even as `domain.kernel.money.minor_units` does."""
    return f"TRY_CAST(round_even({value} * {factor(column.unit or 'minor', currency)}, 0) AS BIGINT)"


def _conversion(column: Column, kind: str, currency: str | None, raw: str, value: str) -> tuple[str, str]:
    number = f"CAST({value} AS VARCHAR)"
    match column.type:
        case "integer":
            made = raw if kind in _WHOLE else f"TRY_CAST({raw} AS DECIMAL(38, 4))"
            pair = (made, f"CAST(CAST({value} AS BIGINT) AS VARCHAR)")
        case "decimal":
            pair = (f"TRY_CAST({raw} AS DOUBLE)", number)
        case "money":
            pair = (f"TRY_CAST({raw} AS DECIMAL(18, 4))", f"CAST({minor_units(column, currency, value)} AS VARCHAR)")
        case "boolean":
            pair = (_yes_or_no(_text(raw, kind)), number)
        case "date":
            pair = (f"CAST({moments.local(column, raw, kind)} AS DATE)", f"concat('\"', {value}, '\"')")
        case "time":
            pair = (moments.instant(column, raw, kind), f"concat('\"', strftime({value}, '%Y-%m-%dT%H:%M:%SZ'), '\"')")
        case _:
            prefix = f"{literal(column.prefix)} || " if column.prefix else ""
            pair = (prefix + _text(raw, kind), f"to_json({value})")
    return pair


def _holds(column: Column, value: str) -> str:
    match column.type:
        case "integer":
            return f"({value} = trunc({value}) AND abs({value}) < 9e18) IS TRUE"
        case "decimal":
            return f"isfinite({value}) IS TRUE"
        case "time":
            return moments.in_range(value)
        case _:
            return f"({value} IS NOT NULL)"


def _text(raw: str, kind: str) -> str:
    return raw if kind == "VARCHAR" else f"CAST({raw} AS VARCHAR)"


def _yes_or_no(text: str) -> str:
    yes, no = (", ".join(map(literal, words)) for words in (_YES, _NO))
    return f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END"


def _translated(column: Column, raw: str, value: str, kind: str) -> Converted:
    """Text values stay text; as soon as one is a number or a yes, all are written as JSON."""
    values: list[Scalar] = [*column.values.values(), *([] if column.otherwise is None else [column.otherwise])]
    write = str if all(isinstance(one, str) for one in values) else _as_json
    arms = " ".join(f"WHEN {literal(key)} THEN {literal(write(one))}" for key, one in column.values.items())
    otherwise = "" if column.otherwise is None else f"ELSE {literal(write(column.otherwise))} "
    return Converted(
        value=f"CASE WHEN {raw} IS NULL THEN NULL ELSE CASE {_text(raw, kind)} {arms} {otherwise}END END",
        json=f"to_json({value})" if write is str else value,
        fails=f"{raw} IS NOT NULL AND {value} IS NULL",
        what="not one of the values the mapping knows",
    )


def _as_json(value: Scalar) -> str:
    return msgspec.json.encode(value).decode()
