"""When each person has to be looked at again: what occurrences may turn, asked of a part's rows at once."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from domain.kernel.rules.clocks import midnight
from domain.kernel.rules.tree import Level
from domain.kernel.rules.turning import Ask, Turns, is_steady
from projections.batch.compiling.compiled import LEVELS
from projections.batch.compiling.instants import micros
from projections.batch.engine import Engine
from projections.batch.loading import DuckEngine

_DAY: Final = 86_400_000_000
_CLOCK_MOVES: Final = 7_200_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Turning:
    """The query for rules as of an instant; `told` are the events that are no behaviour."""

    def __init__(self, turns: Turns, now: datetime, zone: ZoneInfo, told: Iterable[str]) -> None:
        self._turns = turns
        self._told = frozenset(told)
        first = now.astimezone(zone).date()
        # From midnight by the world's clock to that of the zone; where that is moved, the earliest it can be.
        self._shift = micros(midnight(first, zone)) - (first.toordinal() - _EPOCH) * _DAY
        if not is_steady(zone, now.year):
            self._shift -= _CLOCK_MOVES

    def of_part(self, engine: Engine) -> pa.Table:
        """Return profile_id and `due` (microseconds) of those who have to be looked at some time; early, never late."""
        if not isinstance(engine, DuckEngine):
            raise TypeError("only DuckDB is asked when rules turn")
        parts = [f"SELECT n, {said} AS due FROM {level}" for level in LEVELS if (said := self._level(level))]
        if self._turns.everybody is not None:
            parts.append(f"SELECT n, {micros(self._turns.everybody)} AS due FROM people")
        # What is yet to come is for who judges one person.
        parts += [f"SELECT n, 0 AS due FROM ({later})" for later in engine.yet_to_come()]
        if not parts:
            parts = ["SELECT n, NULL::BIGINT AS due FROM people WHERE false"]
        return engine.ask(f"""
            SELECT p.profile_id, t.due FROM (
                SELECT n, CAST(min(due) AS BIGINT) AS due FROM ({" UNION ALL ".join(parts)}) GROUP BY n
            ) AS t JOIN people AS p ON p.n = t.n WHERE t.due IS NOT NULL
        """)

    def _level(self, level: Level) -> str:
        """Return what a row says: by its name, and then by how long ago it was."""
        asks = [ask for ask in self._turns.asks if ask.of == level]
        if not asks:
            return ""
        of_any = [ask for ask in asks if not ask.events]
        names = sorted({name for ask in asks for name in ask.events})
        cases = [
            f"WHEN name = {_quoted(name)} THEN "
            + self._alike([ask for ask in asks if name in ask.events or (not ask.events and name not in self._told)])
            for name in names
        ]
        if of_any:
            told = ", ".join(map(_quoted, sorted(self._told)))
            cases.append(f"{f'WHEN name IN ({told}) THEN NULL ' if told else ''}ELSE {self._alike(of_any)}")
        return f"CASE {' '.join(cases)} END"

    def _alike(self, asks: list[Ask]) -> str:
        """Return what rows of one name say: of the asks that a row is new enough for, the soonest."""
        if not asks:
            return "NULL"
        found: list[tuple[int | None, str]] = []
        gap = day = at = None
        for ask in sorted(asks, key=_oldest_first):
            gap = _least(gap, None if ask.gap is None else ask.gap // _MICROSECOND)
            day = _least(day, None if ask.days is None else ask.days * _DAY + self._shift)
            at = _least(at, None if ask.at is None else micros(ask.at))
            since = None if ask.since is None else micros(ask.since)
            if found and found[-1][0] == since:
                found.pop()
            found.append((since, _soonest(gap, day, at)))
        cases = [f"WHEN {_newer(since)} THEN {said}" for since, said in reversed(found)]
        return f"CASE {' '.join(cases)} END"


def _newer(since: int | None) -> str:
    return "true" if since is None else f'"at" >= {since}'


def _soonest(gap: int | None, day: int | None, at: int | None) -> str:
    said = [f'"at" + {gap}'] if gap is not None else []
    said += [f"CAST(day AS BIGINT) * {_DAY} + {day}"] if day is not None else []
    said += [str(at)] if at is not None else []
    return said[0] if len(said) == 1 else f"least({', '.join(said)})"


def _oldest_first(ask: Ask) -> tuple[bool, datetime]:
    return (True, ask.since) if ask.since is not None else (False, datetime.min.replace(tzinfo=UTC))


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
