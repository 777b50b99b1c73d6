"""What a column says, as SQL: from what stands in the file to a value with a type."""

from typing import Final

import msgspec

from domain.ingestion.mapping import Column, Scalar
from domain.ingestion.units import factor
from workers.connectors import moments, persons
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
    "name": "not the name of a person",
    "sex": "no spelling of a sex that the rules know",
    "birthday": "not a birthday",
    "phone": "not a phone number",
    "email": "not an e-mail address",
    "region": "not one region of China, by code or name",
    "time": f"not a time between {moments.EARLIEST} and {moments.LATEST}",
}


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """A column as SQL: `value` converts what stands there, `json` writes the value as JSON.

    Where `missing` holds nothing stands there; where `fails` holds it is broken, and `what` says what it is then.
    """

    value: str
    json: str
    missing: str
    fails: str
    what: str


def converted(column: Column, kind: str, currency: str | None, *, raw: str, value: str) -> Converted:
    """Return the SQL of a column of the engine's type `kind`.

    `raw` and `value` are the names under which the conversion finds what was read, and the rest what was converted.
    """
    made, json, holds, what = _conversion(column, kind, currency, raw, value)
    nothing = blank(raw, kind)
    # Only where there is no good value it has to be asked why.
    return Converted(
        value=made,
        json=json,
        missing=f"{value} IS NULL AND {nothing}",
        fails=f"NOT ({holds}) AND NOT {nothing}",
        what=what,
    )


def blank(raw: str, kind: str) -> str:
    """Return the condition that nothing stands there: in a text, nothing but spaces."""
    return f"({raw} IS NULL OR trim({raw}) = '')" if kind == "VARCHAR" else f"({raw} IS NULL)"


def minor_units(column: Column, currency: str | None, value: str) -> str:
    """Return an amount as a whole number of minor units, half to even as `domain.kernel.money.minor_units` does."""
    return f"TRY_CAST(round_even({value} * {factor(column.unit or 'minor', currency)}, 0) AS BIGINT)"


def _conversion(column: Column, kind: str, currency: str | None, raw: str, value: str) -> tuple[str, str, str, str]:
    """Return value, JSON, the condition that the value is good, and what it is else."""
    if column.values:
        return _translated(column, raw, value, kind)
    number, is_there = f"CAST({value} AS VARCHAR)", f"{value} IS NOT NULL"
    match column.type:
        case "integer":
            made = raw if kind in _WHOLE else f"TRY_CAST({raw} AS DECIMAL(38, 4))"
            parts = made, f"CAST(CAST({value} AS BIGINT) AS VARCHAR)", f"({value} = trunc({value})) IS TRUE"
        case "decimal":
            parts = f"TRY_CAST({raw} AS DOUBLE)", number, f"isfinite({value}) IS TRUE"
        case "money":
            units = minor_units(column, currency, value)
            plain = f"TRY_CAST({raw} AS DECIMAL(18, 4))"
            # Only what is no plain number is asked after: ¥1,299.00.
            written = f"coalesce({plain}, TRY_CAST({persons.amount(raw)} AS DECIMAL(18, 4)))"
            parts = written if kind == "VARCHAR" else plain, f"CAST({units} AS VARCHAR)", is_there
        case "boolean":
            parts = _yes_or_no(_text(raw, kind)), number, is_there
        case "date":
            parts = f"CAST({moments.local(column, raw, kind)} AS DATE)", f"'\"' || {value} || '\"'", is_there
        case "time":
            written = f"strftime({value}, '\"%Y-%m-%dT%H:%M:%SZ\"')"
            parts = moments.instant(column, raw, kind), written, moments.in_range(value)
        case "name" | "sex" | "birthday" | "phone" | "email" | "region":
            clean = f"{persons.function(column.type)}({_text(raw, kind)})"
            parts = f"nullif({clean}, '')", f"to_json({value})", f"{value} IS NOT NULL OR {clean} IS NOT NULL"
        case _:
            prefix = f"{literal(column.prefix)} || " if column.prefix else ""
            needs_no_escape = kind in _WHOLE and not column.prefix
            json = f"'\"' || {value} || '\"'" if needs_no_escape else f"to_json({value})"
            parts = prefix + _text(raw, kind), json, is_there
    return (*parts, _WHAT[column.type])


def _text(raw: str, kind: str) -> str:
    return f"nullif(trim({raw}), '')" if kind == "VARCHAR" else f"CAST({raw} AS VARCHAR)"


def _yes_or_no(text: str) -> str:
    yes, no = (", ".join(map(literal, words)) for words in (_YES, _NO))
    return f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END"


def _translated(column: Column, raw: str, value: str, kind: str) -> tuple[str, str, str, str]:
    """Text values stay text; as soon as one is a number or a yes, all are written as JSON."""
    values: list[Scalar] = [*column.values.values(), *([] if column.otherwise is None else [column.otherwise])]
    write = str if all(isinstance(one, str) for one in values) else _as_json
    text = _text(raw, kind)
    arms = " ".join(f"WHEN {literal(key)} THEN {literal(write(one))}" for key, one in column.values.items())
    made = f"CASE {text} {arms} END"
    if column.otherwise is not None:
        made = f"CASE WHEN {text} IS NOT NULL THEN coalesce({made}, {literal(write(column.otherwise))}) END"
    json = f"to_json({value})" if write is str else value
    return made, json, f"{value} IS NOT NULL", "not one of the values the mapping knows"


def _as_json(value: Scalar) -> str:
    return msgspec.json.encode(value).decode()
