"""The SQL that reads fields out of facts: what `domain/activity/occurrences.py` does, for millions of rows.

A property test holds both equal. Facts come as the table `facts`, in the columns of the log.
"""

from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from domain.activity.fields import LISTS, Field, Fields, Path
from domain.activity.occurrences import MINOR as MINOR_SAID
from domain.activity.occurrences import ORIGIN
from domain.activity.readings import MINOR, NUMBER
from domain.activity.vocabulary import Vocabulary
from domain.activity.withdrawing import WITHDRAWN
from domain.kernel.rules.tree import Level

_LARGEST: Final = 2**53
# What is not staged: the calendar may be corrected, and the name of the event stands beside.
AT_RUN: Final = frozenset({"event", "is_workday", "day_kind"})
MACROS: Final = f"""
    CREATE OR REPLACE TEMP MACRO said_number(v) AS CASE
        WHEN json_type(v) = 'VARCHAR' THEN
            CASE WHEN regexp_full_match(json_extract_string(v, '$'), '{NUMBER}')
                 THEN CAST(json_extract_string(v, '$') AS DOUBLE) END
        WHEN json_type(v) IN ('UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT') THEN
            CASE WHEN abs(CAST(v AS DOUBLE)) < {_LARGEST} THEN CAST(v AS DOUBLE) END END;
    CREATE OR REPLACE TEMP MACRO said_text(v) AS CASE
        WHEN json_type(v) = 'VARCHAR' THEN nullif(json_extract_string(v, '$'), '')
        WHEN json_type(v) IN ('UBIGINT', 'BIGINT', 'HUGEINT') THEN
            CASE WHEN abs(CAST(v AS DOUBLE)) < {_LARGEST} THEN CAST(CAST(v AS BIGINT) AS VARCHAR) END END;
    CREATE OR REPLACE TEMP MACRO said_bool(v) AS
        CASE WHEN json_type(v) = 'BOOLEAN' THEN CAST(v AS BOOLEAN) END;
    CREATE OR REPLACE TEMP MACRO in_minor(x) AS CAST(floor(x + 0.5) AS BIGINT);
    CREATE OR REPLACE TEMP MACRO said_money(v, is_minor) AS
        in_minor(said_number(v) * CASE WHEN is_minor THEN 1 ELSE {MINOR} END);
"""
_TYPES: Final = {"text": "VARCHAR", "number": "DOUBLE", "money": "BIGINT", "bool": "BOOLEAN"}
_FIRST: Final = ("customer_id", "fact_id", "at", "day", "name")


def staged_columns(level: Level, fields: Fields) -> list[str]:
    """Return the columns of staged rows of a level, in their order."""
    return [*_FIRST, *(f"f_{name}" for name in fields.of(level) if name not in AT_RUN), "body"]


def type_of(field: Field) -> str:
    """Return the SQL type of a field."""
    return _TYPES[field.type]


def events_sql(fields: Fields, vocabulary: Vocabulary, zone: ZoneInfo) -> str:
    """Return the query of events: one row a fact, without withdrawals."""
    paths = _paths(fields.events.values())
    read = {name: _said(field, paths) for name, field in fields.events.items() if not field.derived}
    columns = {**_derived(), **read}
    kept = ", ".join(f"{columns[name]} AS f_{name}" for name in fields.events if name not in AT_RUN)
    return f"""
        SELECT customer_id, fact_id, epoch_us(occurred_at) AS "at",
               CAST(CAST(local AS DATE) - DATE '1970-01-01' AS INTEGER) AS day, name, {kept}, body
        FROM (SELECT *, timezone('{zone.key}', occurred_at) AS local, {_lines(fields)} AS lines,
                     {_signs(vocabulary)} AS sign, {_is_minor()} AS is_minor, json_extract(body, {_list(paths)}) AS j
              FROM facts WHERE name <> '{WITHDRAWN}')
    """


def items_sql(fields: Fields, vocabulary: Vocabulary, events: str = "staged_events") -> str:
    """Return the query of items, one row each, over the rows of events."""
    paths = _paths(fields.items.values())
    said = {name: _said(field, paths) for name, field in fields.items.items() if name not in _SIGNED}
    said["amount"] = f"coalesce({said['amount']}, in_minor({said['price']} * {said['quantity']}))"
    for name, of in _SIGNED.items():
        said[name] = f"({said[of]}) * sign"
    inherited = [f"f_{name}" for name in fields.inherited if name not in AT_RUN]
    own = ", ".join(f"{said[name]} AS f_{name}" for name in fields.items)
    return f"""
        SELECT customer_id, fact_id, "at", day, name, {", ".join(inherited)}, {own}, line AS body
        FROM (SELECT *, json_extract(line, {_list(paths)}) AS j
              FROM (SELECT *, {_signs(vocabulary)} AS sign, {_is_minor()} AS is_minor,
                           unnest(json_extract({_lines(fields)}, '$[*]')) AS line FROM {events})
              WHERE json_type(line) = 'OBJECT')
    """


WITHDRAWN_SQL: Final = f"""
    SELECT CAST(json_extract(body, '$.fact_id') AS BIGINT) AS fact_id, fact_id AS "by" FROM facts
    WHERE name = '{WITHDRAWN}'
"""
_SIGNED: Final = {"net_amount": "amount", "net_quantity": "quantity"}


def _derived() -> dict[str, str]:
    # An event of one line has that line alone: the length of a list counts what is an object.
    count = "len(list_filter(json_extract(lines, '$[*]'), lambda one: json_type(one) = 'OBJECT'))"
    return {
        "source": "source",
        "amount": "amount",
        "net_amount": "amount * sign",
        "orders": "CAST(sign AS DOUBLE)",
        "currency": "currency",
        "item_count": f"CAST(coalesce({count}, 0) AS DOUBLE)",
        "hour": "CAST(hour(local) AS DOUBLE)",
        "weekday": "CAST(isodow(local) AS DOUBLE)",
        "day_of_month": "CAST(day(local) AS DOUBLE)",
        "month": "CAST(month(local) AS DOUBLE)",
        "is_weekend": "isodow(local) > 5",
    }


def _said(field: Field, paths: Mapping[Path, int]) -> str:
    values = (f"j[{paths[path]}]" for path in field.steps)
    is_money = field.type == "money"
    said = [f"said_money({one}, is_minor)" if is_money else f"said_{field.type}({one})" for one in values]
    if field.default is not None:
        said.append(str(field.default))
    return f"coalesce({', '.join(said)})" if said else f"CAST(NULL AS {_TYPES[field.type]})"


def _paths(fields: Iterable[Field]) -> dict[Path, int]:
    return {path: number for number, path in enumerate(dict.fromkeys(p for one in fields for p in one.steps), 1)}


def _list(paths: Iterable[Path]) -> str:
    return "[" + ", ".join(f"'{_json_path(path)}'" for path in paths) + "]"


def _json_path(path: Path) -> str:
    return "$" + "".join(f'."{key}"' for key in path)


def _lines(fields: Fields) -> str:
    """Return the items as a JSON list: the first list that is not empty, else the body itself if it names a product."""
    lists = " ".join(
        f"WHEN coalesce(json_array_length(body, '{_json_path((name,))}'), 0) > 0 "
        f"THEN json_extract(body, '{_json_path((name,))}')"
        for name in LISTS
    )
    named = [f"said_text(json_extract(body, '{_json_path(path)}'))" for path in fields.items["product_id"].steps]
    return f"CASE {lists} WHEN coalesce({', '.join(named)}) IS NOT NULL THEN json_array(CAST(body AS JSON)) END"


def _signs(vocabulary: Vocabulary) -> str:
    cases = " ".join(f"WHEN '{kind.name}' THEN {kind.purchase}" for kind in vocabulary.kinds if kind.purchase)
    return f"CASE name {cases} END" if cases else "CAST(NULL AS INTEGER)"


def _is_minor() -> str:
    said, told = (f'json_extract(body, \'$."{ORIGIN}"."{name}"\')' for name in (MINOR_SAID, "message_id"))
    return (
        f"CASE WHEN coalesce(json_type(body, '$.\"{ORIGIN}\"'), '') <> 'OBJECT' THEN true "
        f"WHEN coalesce(json_type({said}), '') = 'BOOLEAN' THEN CAST({said} AS BOOLEAN) "
        f"ELSE coalesce(json_type({told}) = 'VARCHAR' AND "
        f"contains(json_extract_string({told}, '$'), ':' || name), false) END"
    )
