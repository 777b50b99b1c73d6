"""The rows of a part as tables of DuckDB: files and tail, without what was withdrawn, each with its person's number."""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, Final

import ibis
import pyarrow as pa

from domain.activity.fields import PROPERTIES
from domain.kernel.rules.tree import Level
from projections.batch.compiling.compiled import LEVELS, Needs, arrow_schema
from projections.batch.compiling.rows import KEYS, FieldColumn
from projections.batch.duck import opened_duckdb, quoted, reading_of
from projections.batch.lakehouse import Lakehouse
from projections.batch.staging.extracting import AT_RUN, MACROS
from projections.batch.tables import days_table, uses_days

_PEOPLE: Final = """
    CREATE OR REPLACE TEMP TABLE people AS
    SELECT CAST(row_number() OVER (ORDER BY profile_id) AS INTEGER) AS n, profile_id, customers
    FROM (SELECT profile_id, list(customer_id ORDER BY customer_id) AS customers FROM arrived GROUP BY profile_id)
"""
_MEMBERS: Final = """
    CREATE OR REPLACE TEMP TABLE members AS
    SELECT a.customer_id, p.n FROM arrived AS a JOIN people AS p ON a.profile_id = p.profile_id
"""


class DuckEngine:
    """DuckDB in this process, within a memory limit; what does not fit waits in a folder that goes with it."""

    def __init__(
        self, lakehouse: Lakehouse, needs: Needs, until: int, *, memory_mb: int = 700, threads: int = 2
    ) -> None:
        """Take what the query needs; `until` is the instant (microseconds) before which rows count."""
        self._lakehouse = lakehouse
        self._needs = needs
        self._until = until
        self._opened = ExitStack()
        self._connection = self._opened.enter_context(opened_duckdb(memory_mb, threads))
        self._connection.execute(f"SET preserve_insertion_order = false; {MACROS}")
        self._sql: dict[int, str] = {}
        self._prepare()

    def load(self, part: str) -> pa.Table:
        """Make the tables of a part."""
        self._connection.register("arrived", self._lakehouse.directory.members(part))
        self._connection.execute(_PEOPLE)
        self._connection.execute(_MEMBERS)
        for level in LEVELS:
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {level} AS {self._level(level, part)}")
        return self._selected("SELECT n, profile_id, customers FROM people ORDER BY n")

    def say(self, said: pa.Table) -> None:
        """Make the table said."""
        self._connection.register("arriving", said)
        self._connection.execute("CREATE OR REPLACE TEMP TABLE said AS FROM arriving")

    def rows(self, level: Level, people: Iterable[int]) -> pa.Table:
        """Return the rows of some people."""
        chosen = pa.table({"n": pa.array(list(people), pa.int32())})
        self._connection.register("chosen", chosen)
        ordered = f'SELECT * FROM {level} WHERE n IN (SELECT n FROM chosen) ORDER BY n, "at"'
        return self._selected(ordered)

    def result(self, expression: Any) -> pa.Table:
        """Return what the query selects; it is compiled once for all parts."""
        key = id(expression)
        if key not in self._sql:
            self._sql[key] = str(ibis.to_sql(expression, dialect="duckdb"))
        return self._selected(self._sql[key]).cast(arrow_schema(expression))

    def ask(self, statement: str) -> pa.Table:
        """Return what a statement over the tables of the part selects."""
        return self._selected(statement)

    def yet_to_come(self) -> list[str]:
        """Return queries for those of the part (n) of whom something is known that happens only later."""
        wanted = []
        for level in LEVELS:
            files = tuple(path for paths in self._lakehouse.files[level].values() for path in paths)
            sources = [f'SELECT customer_id, "at" FROM {self._read(files)}'] if files else []
            if self._lakehouse.tail is not None:
                sources.append(f'SELECT customer_id, "at" FROM tail_{level}')
            if sources:
                later = f'SELECT customer_id FROM ({" UNION ALL ".join(sources)}) WHERE "at" >= {self._until}'
                wanted.append(f"SELECT n FROM members WHERE customer_id IN ({later})")
        return wanted

    def close(self) -> None:
        """Let everything go."""
        self._opened.close()

    def _selected(self, statement: str) -> pa.Table:
        table: pa.Table = self._connection.sql(statement).to_arrow_table()
        return table

    def _prepare(self) -> None:
        lakehouse = self._lakehouse
        if lakehouse.tail is not None:
            for level in LEVELS:
                self._connection.register(f"tail_{level}", getattr(lakehouse.tail, level))
        if lakehouse.products is not None:
            self._connection.register("arriving", lakehouse.products)
            self._connection.execute("CREATE OR REPLACE TEMP TABLE products AS FROM arriving")
        if any(uses_days(columns) for columns in self._needs.columns.values()):
            self._connection.register("days", days_table(lakehouse, self._until))
        self._withdraw()
        self._connection.register("arriving", lakehouse.directory.strays(lakehouse.digits))
        self._connection.execute("CREATE OR REPLACE TEMP TABLE strays AS FROM arriving")
        (self._strays,) = self._connection.sql("SELECT count(*) FROM strays").fetchall()[0]
        for level in LEVELS if self._strays else ():
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE stray_{level} AS {self._strayed(level)}")

    def _withdraw(self) -> None:
        lakehouse = self._lakehouse
        sources = [self._read(lakehouse.withdrawn)] if lakehouse.withdrawn else []
        if lakehouse.tail is not None and lakehouse.tail.withdrawn.num_rows:
            self._connection.register("tail_withdrawn", lakehouse.tail.withdrawn)
            sources.append("tail_withdrawn")
        selected = " UNION ".join(f"SELECT fact_id FROM {source}" for source in sources)
        self._is_withdrawing = bool(sources)
        if sources:
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE withdrawn AS {selected}")

    def _level(self, level: Level, part: str) -> str:
        """Return the query of the rows of a part."""
        files = self._lakehouse.files_of(level, part)
        plain = self._plain(level)
        sources = [f"SELECT {plain} FROM {self._read(files)} WHERE {_between(part)}"] if files else []
        if self._lakehouse.tail is not None:
            sources.append(f"SELECT {plain} FROM tail_{level}")
        if self._strays:
            sources.append(f"SELECT {plain} FROM stray_{level}")
        if not sources:
            return f"SELECT {self._nothing(level)} WHERE false"
        columns = self._needs.columns[level]
        read = "".join(f", {self._column(level, one)} AS {name}" for name, one in columns.items())
        joins = " LEFT JOIN days ON days.day = s.day" if uses_days(columns) else ""
        if self._lakehouse.products is not None and self._catalogued(level):
            joins += " LEFT JOIN products ON products.product_id = s.f_product_id"
        return f"""
            SELECT m.n, s."at", s.day, s.name{read}
            FROM ({" UNION ALL ".join(sources)}) AS s JOIN members AS m ON m.customer_id = s.customer_id{joins}
            WHERE {self._wanted(level)}
        """

    def _strayed(self, level: Level) -> str:
        every = tuple(path for paths in self._lakehouse.files[level].values() for path in paths)
        plain = self._plain(level)
        if not every:
            return f"SELECT {plain} FROM tail_{level} WHERE false"
        kept = f"s.customer_id IN (SELECT customer_id FROM strays) AND {self._wanted(level)}"
        return f"SELECT {plain} FROM {self._read(every)} AS s WHERE {kept}"

    def _wanted(self, level: Level) -> str:
        names = self._needs.asked[level].names
        tests = [f's."at" < {self._until}']
        if names is not None:
            tests.append(f"s.name IN ({', '.join(map(quoted, sorted(names)))})" if names else "false")
        if self._is_withdrawing:
            tests.append("s.fact_id NOT IN (SELECT fact_id FROM withdrawn)")
        return " AND ".join(tests)

    def _plain(self, level: Level) -> str:
        """Return the columns that are read from staged rows."""
        there = self._lakehouse.columns(level)
        fields = {one.field for one in self._needs.columns[level].values()}
        wanted = {f"f_{field}" for field in fields if not field.startswith(PROPERTIES) and field not in AT_RUN}
        if self._catalogued(level):
            wanted.add("f_product_id")
        if any(field.startswith(PROPERTIES) for field in fields):
            wanted.add("body")
        keys = ["customer_id", '"at"', "day", "name"]
        keys += ["fact_id"] if "fact_id" in there else ["CAST(NULL AS BIGINT) AS fact_id"]
        return ", ".join([*keys, *(one if one in there else f"NULL AS {one}" for one in sorted(wanted))])

    def _column(self, level: Level, one: FieldColumn) -> str:
        if one.field.startswith(PROPERTIES):
            path = "$" + "".join(f'."{key}"' for key in one.field.removeprefix(PROPERTIES).split("."))
            return _OF_PROPERTY[one.kind].format(f"json_extract(s.body, {quoted(path)})")
        if one.field == "event":
            return "s.name"
        if one.field in AT_RUN:
            return f"days.{one.field}"
        declared = self._lakehouse.fields.of(level)[one.field]
        if declared.product and self._lakehouse.products is not None:
            own = "items" if one.field in self._lakehouse.fields.items and level == "items" else "events"
            return f"coalesce(s.f_{one.field}, products.{own}_{one.field})"
        return f"CAST(s.f_{one.field} AS {_SQL_TYPES[one.type]})"

    def _catalogued(self, level: Level) -> bool:
        declared = self._lakehouse.fields.of(level)
        fields = {one.field for one in self._needs.columns[level].values()}
        return any(field in declared and declared[field].product for field in fields)

    def _nothing(self, level: Level) -> str:
        columns = {**KEYS, **{name: one.type for name, one in self._needs.columns[level].items()}}
        return ", ".join(f'CAST(NULL AS {_SQL_TYPES[type_]}) AS "{name}"' for name, type_ in columns.items())

    def _read(self, paths: Iterable[str]) -> str:
        return reading_of(self._connection, self._lakehouse, paths)


_SQL_TYPES: Final = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "boolean": "BOOLEAN",
}
_OF_PROPERTY: Final = {
    "number": "CASE WHEN json_type({0}) IN ('UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT') THEN CAST({0} AS DOUBLE) END",
    "text": "CASE WHEN json_type({0}) = 'VARCHAR' THEN json_extract_string({0}, '$') END",
    "flag": "CASE WHEN json_type({0}) = 'BOOLEAN' THEN CAST({0} AS BOOLEAN) END",
}


def _between(part: str) -> str:
    """Return the test for customers whose ids begin so: as a range, which files are sorted by."""
    if len(part) <= 1:
        return "true"
    return f"customer_id >= '{part}' AND customer_id < '{part}g'"
