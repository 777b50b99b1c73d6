"""Steps one after the other, and what must not have followed, by windows over each person's rows in time."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import ibis

from domain.kernel.rules.tree import Level, Sequence, Step
from projections.batch.compiling.instants import EPOCH, Span, micros, span
from projections.batch.compiling.known import ALWAYS, NEVER, Column
from projections.batch.compiling.rows import Rows
from projections.batch.compiling.scalars import rule

_SECOND: Final = 1_000_000


def who(node: Sequence, now: datetime, zone: ZoneInfo, rows: dict[Level, Rows], told: frozenset[str]) -> Any:
    """Return the people (n) of whom the sequence holds."""
    inside, everything = span(node.within, now, zone), span(None, now, zone)
    steps = list(node.steps)
    marks = [f"s{number}" for number in range(len(steps))]
    table = _marked(node, rows, told, inside, everything)
    reached = table.mutate(reached=table[marks[0]])
    for step, mark in zip(steps[1:], marks[1:], strict=True):
        # The last time that the step before was taken, strictly earlier, is the best one.
        earlier = ibis.range_window(preceding=(None, 1), group_by="n", order_by="at")
        before = reached["reached"].ifelse(reached["at"], ibis.null("int64")).max().over(earlier)
        timed = reached.mutate(before=before)
        follows = timed["before"].notnull()
        if step.limit_seconds is not None:
            follows &= (timed["at"] - timed["before"]) <= _micros(step)
        reached = timed.mutate(reached=timed[mark] & follows)
    if node.unless is None:
        return reached.filter(reached["reached"]).select("n").distinct()
    return _unfollowed(reached, node.unless, now)


def _unfollowed(reached: Any, unless: Step, now: datetime) -> Any:
    later = ibis.range_window(following=(1, None), group_by="n", order_by="at")
    following = reached["unless"].ifelse(reached["at"], ibis.null("int64")).min().over(later)
    timed = reached.mutate(following=following)
    end = ibis.literal(micros(now), type="int64") if unless.limit_seconds is None else timed["at"] + _micros(unless)
    is_over = end <= micros(now)
    is_alone = (timed["following"] > end).fill_null(ALWAYS)
    return timed.filter(timed["reached"] & is_over & is_alone).select("n").distinct()


def _marked(node: Sequence, rows: dict[Level, Rows], told: frozenset[str], inside: Span, everything: Span) -> Any:
    """Return the rows of all levels concerned, with a mark for each step that they are."""
    steps: dict[str, tuple[Step, Span]] = {f"s{number}": (one, inside) for number, one in enumerate(node.steps)}
    if node.unless is not None:
        steps["unless"] = (node.unless, everything)
    tables = []
    for level in dict.fromkeys(step.of for step, _ in steps.values()):
        some = rows[level]
        marks = {name: _mark(step, within, level, some, told) for name, (step, within) in steps.items()}
        table = some.table.select("n", "at", **marks)
        any_mark: Column = NEVER
        for name in marks:
            any_mark |= table[name]
        tables.append(table.filter(any_mark))
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def _mark(step: Step, within: Span, level: Level, rows: Rows, told: frozenset[str]) -> Column:
    if step.of != level:
        return NEVER
    test = rows.named(step.events, told) & rows.inside(*within)
    return test if step.where is None else test & rule(step.where, EPOCH, rows)


def _micros(step: Step) -> int:
    return round((step.limit_seconds or 0) * _SECOND)
