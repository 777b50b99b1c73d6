"""Whom a night touched: who did something where an edge of a window passed, of whom something was told, who is due."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.rules.standing import Crossing
from domain.kernel.rules.tree import Level
from projections.batch.columns import DUE, MEMBERS
from projections.batch.compiling.compiled import LEVELS
from projections.batch.compiling.instants import micros
from projections.batch.duck import opened_duckdb, quoted, reading_of
from projections.batch.lakehouse import Lakehouse
from projections.batch.news import CUSTOMERS

_KNOWN: Final = """
    SELECT profile_id, CASE WHEN len(customers) > 1 OR customers[1] <> profile_id
        THEN md5(array_to_string(list_sort(customers), ',')) END AS known FROM people
"""
_TOUCHED: Final = f"""
    SELECT k.profile_id FROM ({_KNOWN}) AS k LEFT JOIN before AS b ON b.profile_id = k.profile_id
    WHERE b.profile_id IS NULL OR b."{MEMBERS}" IS DISTINCT FROM k.known OR b."{DUE}" <= {{upto}}
    UNION SELECT m.profile_id FROM members AS m SEMI JOIN customers AS t ON t.customer_id = m.customer_id
"""


class Touched(msgspec.Struct, frozen=True):
    """Whom a night touched in a part: the customers of these profiles; and the profiles that are no more."""

    members: pa.Table
    gone: pa.Table


def customers_at(lakehouse: Lakehouse, crossings: Iterable[Crossing]) -> pa.Table:
    """Return the customers (`CUSTOMERS`) who did something in a crossing. Blocks.

    Months, row groups and columns that are not concerned are not read.
    """
    found = [CUSTOMERS.empty_table()]
    with opened_duckdb() as connection:
        for level, tests in _tests(crossings).items():
            test = " OR ".join(tests)
            files = [path for paths in lakehouse.files[level].values() for path in paths]
            sources = [reading_of(connection, lakehouse, files)] if files else []
            if lakehouse.tail is not None:
                connection.register(f"tail_{level}", getattr(lakehouse.tail, level))
                sources.append(f"tail_{level}")
            for source in sources:
                selected = f"SELECT DISTINCT customer_id FROM {source} WHERE {test}"
                found.append(connection.sql(selected).to_arrow_table().cast(CUSTOMERS))
    return pa.concat_tables(found)


def membership(people: pa.Table) -> pa.Table:
    """Return for each profile by what the customers it is made of are known; none if it is one, of the same id."""
    customers = people["customers"]
    if len(pc.list_flatten(customers)) == len(customers) and pc.all(_is_her_own(people)).as_py():
        return pa.table({"profile_id": people["profile_id"], MEMBERS: pa.nulls(len(customers), pa.string())})
    with opened_duckdb() as connection:
        connection.register("people", people)
        return _selected(connection, f'SELECT profile_id, known AS "{MEMBERS}" FROM ({_KNOWN})')


def touched(members: pa.Table, before: pa.Table, customers: pa.Table, upto: int) -> Touched:
    """Return whom a night touched, of the members of a part (a row a customer). Blocks.

    `before` are the rows of the last build: who was not in it, who was made of others, and who is due at `upto`
    (microseconds) is touched, and who is one of the customers.
    """
    with opened_duckdb() as connection:
        connection.register("members", members)
        connection.register("before", before.select(["profile_id", MEMBERS, DUE]))
        connection.register("customers", customers)
        people = "SELECT profile_id, list(customer_id) AS customers FROM members GROUP BY profile_id"
        connection.execute(f"CREATE TEMP TABLE people AS {people}")
        found = f"SELECT m.* FROM members AS m SEMI JOIN ({_TOUCHED.format(upto=upto)}) AS t USING (profile_id)"
        gone = "SELECT profile_id FROM before ANTI JOIN people USING (profile_id)"
        return Touched(_selected(connection, found), _selected(connection, gone))


def _is_her_own(people: pa.Table) -> Any:
    return pc.equal(pc.list_flatten(people["customers"]), people["profile_id"])


def _selected(connection: duckdb.DuckDBPyConnection, statement: str) -> pa.Table:
    table: pa.Table = connection.sql(statement).to_arrow_table()
    return table


def _tests(crossings: Iterable[Crossing]) -> Mapping[Level, Collection[str]]:
    """Return the tests of the rows of a level: a stretch of time is looked at once, for all events it is about."""
    stretches: dict[Any, set[str] | None] = {}
    for one in crossings:
        key = (one.of, one.since, one.before)
        names = stretches.setdefault(key, set())
        stretches[key] = {*names, *one.events} if one.events and names is not None else None
    found: defaultdict[Level, list[str]] = defaultdict(list)
    for level in LEVELS:
        for (of, since, before), names in stretches.items():
            if of == level:
                tests = [f'"at" < {micros(before)}', *([] if since is None else [f'"at" >= {micros(since)}'])]
                if names is not None:
                    tests.append(f"name IN ({', '.join(map(quoted, sorted(names)))})")
                found[level].append(f"({' AND '.join(tests)})")
    return found
