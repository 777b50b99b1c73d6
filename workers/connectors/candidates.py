"""The SQL from converted rows to what may become a fact: what it says, and what is wrong with it as a whole."""

from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

import msgspec

from workers.connectors.engine import literal
from workers.connectors.plan import CONTROL, INCOMPLETE, NEGATIVE, NOBODY, SEVERAL, Plan, Used


def candidates(plan: Plan, ids: Sequence[str], rows: str) -> str:
    """Return the query over rows: `first`, `who`, the ids, what it says, and `trouble`, null where all is well."""
    return _grouped(plan, ids, rows) if plan.mapping.group_by else _single(plan, ids, rows)


def _single(plan: Plan, ids: Sequence[str], rows: str) -> str:
    amount = plan.amount.value if plan.amount else "NULL"
    columns = ["first", "who", *ids, *_said(plan, amount), "problem"]
    facts = f"SELECT {', '.join(columns)} FROM ({rows})"
    return f"SELECT * EXCLUDE (problem), {_trouble(plan, 'problem')} AS trouble FROM ({facts})"


def _grouped(plan: Plan, ids: Sequence[str], rows: str) -> str:
    columns = ["first", "min(ordinal) AS head", "count(problem) > 0 AS incomplete", "min(who) <> max(who) AS several"]
    columns += [f"max({name}) AS any_{name}" for name in ("who", *ids)]
    if plan.amount:
        columns.append(f"sum({plan.amount.value}) AS total")
    if plan.lines:
        line = json_object(plan.lines)
        columns.append(f"concat('[', string_agg({line}, ',' ORDER BY ordinal), ']') AS lines")
    groups = f"SELECT {', '.join(columns)} FROM ({rows}) GROUP BY first"
    kept = [f"any_{name} AS {name}" for name in ("who", *ids)]
    said = _said(plan, "total" if plan.amount else "NULL")
    facts = (
        f"SELECT g.first, {', '.join([*kept, *said])}, incomplete, several "
        f"FROM ({groups}) g JOIN ({rows}) r ON r.ordinal = g.head"
    )
    own = f"CASE WHEN incomplete THEN {plan.code(INCOMPLETE)} WHEN several THEN {plan.code(SEVERAL)} END"
    return f"SELECT * EXCLUDE (incomplete, several), {_trouble(plan, own)} AS trouble FROM ({facts})"


def _said(plan: Plan, amount: str) -> list[str]:
    """What a fact says, as columns: when, what, how much, the rest in the open, the rest to seal."""
    name = msgspec.json.encode(plan.mapping.lines_name).decode()
    lines = f"concat({literal(f',{name}:')}, lines)" if plan.lines else None
    hidden = f"nullif({json_object(plan.personal)}, '{{}}')" if plan.personal else "CAST(NULL AS VARCHAR)"
    return [
        f"{_happened(plan)} AS happened",
        f"{plan.event_sql if plan.mapping.row == 'fact' else 'NULL'} AS event",
        f"{plan.units(amount)} AS amount",
        f"{json_object(plan.plain, lines)} AS body",
        f"{hidden} AS hidden",
        *(f"{value} AS {name}" for name, value in plan.named.items()),
    ]


def json_object(fields: Sequence[Used], last: str | None = None) -> str:
    """Return the SQL of a compact JSON object; what is null is left out, and a zero where the mapping says so.

    `last` is the SQL of a last member, with a comma before it.
    """
    members = [*map(_member, fields), *([last] if last else [])]
    return f"concat('{{', substr(concat({', '.join(members)}), 2), '}}')" if members else "'{}'"


def _member(one: Used) -> str:
    key = literal("," + msgspec.json.encode(one.key).decode() + ":")
    # Nothing joined to anything is null, which concat leaves out.
    member = f"{key} || {one.sql.json}"
    return f"CASE WHEN {one.value} <> 0 THEN {member} END" if one.column.omit_zero else member


def _happened(plan: Plan) -> str:
    if plan.time:
        return plan.time.value
    fixed = plan.mapping.fixed_time
    if fixed is None:
        return "CAST(NULL AS TIMESTAMP)"
    moment = fixed if fixed.tzinfo else fixed.replace(tzinfo=ZoneInfo(plan.mapping.zone))
    return f"TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"


def _trouble(plan: Plan, own: str) -> str:
    rules = [f"WHEN ({own}) IS NOT NULL THEN {own}"]
    if plan.mapping.identifier:
        deleted = " AND operation IS DISTINCT FROM 'delete'" if plan.operation else ""
        rules.append(f"WHEN who IS NULL{deleted} THEN {plan.code(NOBODY)}")
    if plan.amount and plan.purchases:
        purchase = f"event IN ({', '.join(map(literal, plan.purchases))})"
        rules.append(f"WHEN amount < 0 AND {purchase} THEN {plan.code(NEGATIVE)}")
    # PostgreSQL's json cannot give such a text back.
    rules.append(f"WHEN contains(body, '\\u0000') OR contains(hidden, '\\u0000') THEN {plan.code(CONTROL)}")
    return f"CASE {' '.join(rules)} END"
