"""Rules over tags that are built already: counted and listed in a moment, from a table in memory."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from domain.kernel.rules.tree import Rule, Tag
from projections.batch.compiling.asking import parts_of
from projections.batch.compiling.compiled import SAID_TYPES, Kind
from projections.batch.compiling.instants import EPOCH
from projections.batch.compiling.known import Column, Known
from projections.batch.compiling.scalars import CannotCompileError, rule
from projections.batch.writing import Manifest
from projections.lake.store import UrlStore

# More different words than that name people rather than kinds of people.
_MOST_WORDS: Final = 10_000
_SQL_TYPES: Final = {"number": "DOUBLE", "text": "VARCHAR", "flag": "BOOLEAN", "texts": "VARCHAR[]"}


class BuiltTags:
    """The tags of a build, in DuckDB: `keys` of them, or all. One connection; to be used by one thread at a time."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """Begin without people."""
        self._kinds = kinds
        self._connection = duckdb.connect()
        self._connection.execute("SET enable_progress_bar = false")
        columns = "".join(f", {_quoted(key)} {_SQL_TYPES[kind]}" for key, kind in kinds.items())
        self._connection.execute(f"CREATE TABLE tags (profile_id VARCHAR{columns})")
        self._table: Any = ibis.table(
            {"profile_id": "string", **{key: SAID_TYPES[kind] for key, kind in kinds.items()}}, name="tags"
        )

    @classmethod
    def of(cls, store: UrlStore, manifest: Manifest, keys: "frozenset[str] | None" = None) -> "BuiltTags":
        """Read a build, or some of its tags. Blocks."""
        kinds = {key: kind for key, kind in manifest.kinds.items() if keys is None or key in keys}
        built = cls(kinds)
        for file in manifest.files:
            built.add(pq.read_table(store.path(file.path), filesystem=store.filesystem, columns=["profile_id", *kinds]))
        built.settle()
        return built

    def settle(self) -> None:
        """Keep words as numbers once everybody is in: a count then compares small integers."""
        for key, kind in self._kinds.items():
            if kind != "text":
                continue
            words = f"SELECT DISTINCT {_quoted(key)} AS word FROM tags WHERE {_quoted(key)} IS NOT NULL"
            ((different,),) = self._connection.sql(f"SELECT count(*) FROM ({words})").fetchall()
            if 0 < different <= _MOST_WORDS:
                name = _quoted(f"words of {key}")
                self._connection.execute(f"CREATE TYPE {name} AS ENUM (SELECT word FROM ({words}) ORDER BY word)")
                self._connection.execute(f"ALTER TABLE tags ALTER {_quoted(key)} TYPE {name}")

    def add(self, table: pa.Table) -> None:
        """Take in people: profile_id and the tags."""
        self._connection.register("arriving", table)
        names = ", ".join(_quoted(name) for name in ("profile_id", *self._kinds))
        self._connection.execute(f"INSERT INTO tags SELECT {names} FROM arriving")
        self._connection.unregister("arriving")

    def knows(self, asked: Rule) -> bool:
        """Say whether everything that a rule (not resolved) asks is a tag that is here."""
        return _is_over(asked, frozenset(self._kinds))

    def count(self, asked: Rule) -> int:
        """Return of how many people a rule over tags holds."""
        ((found,),) = self._connection.sql(_statement(self._matching(asked).count().name("n").as_table())).fetchall()
        return int(found)

    def members(self, asked: Rule) -> pa.Table:
        """Return the people (profile_id) of whom a rule over tags holds."""
        table: pa.Table = self._connection.sql(_statement(self._matching(asked).select("profile_id"))).to_arrow_table()
        return table

    @property
    def people(self) -> int:
        """How many people there are."""
        ((found,),) = self._connection.sql("SELECT count(*) FROM tags").fetchall()
        return int(found)

    def column(self, key: str) -> "pa.Array[Any] | None":
        """Return a tag's values, in the order in which people came in; None if the build has no such tag."""
        if key not in self._kinds:
            return None
        wanted = f"CAST({_quoted(key)} AS {_SQL_TYPES[self._kinds[key]]})"
        table = self._connection.sql(f"SELECT {wanted} AS value FROM tags").to_arrow_table()
        found: pa.Array[Any] = table["value"].combine_chunks()
        return found

    def close(self) -> None:
        """Let it go."""
        self._connection.close()

    def value(self, node: Any, now: datetime) -> Known:  # noqa: ARG002 - as of the build
        """Return a tag."""
        if not isinstance(node, Tag) or node.key not in self._kinds:
            raise CannotCompileError(f"{node!r} is no tag of the build")
        return Known(**{self._kinds[node.key]: self._table[node.key]})

    def rule(self, node: Any, now: datetime) -> Column:  # noqa: ARG002 - as of the build
        """Refuse: only tags are here."""
        raise CannotCompileError(f"{type(node).__name__} is not told by tags alone")

    def _matching(self, asked: Rule) -> Any:
        return self._table.filter(rule(asked, EPOCH, self))


_MADE_OF_OTHERS: Final = frozenset({"All", "AnyOf", "Not", "Compare", "Arithmetic", "Case", "Weighted", "Constant"})


def _is_over(node: Any, keys: frozenset[str]) -> bool:
    if isinstance(node, Tag):
        return node.key in keys
    return type(node).__name__ in _MADE_OF_OTHERS and all(_is_over(part, keys) for part in parts_of(node))


def _statement(expression: Any) -> str:
    """Return the SQL; what decides who is selected need not say that unknown is no, and runs faster if it does not."""
    tree = sqlglot.parse_one(str(ibis.to_sql(expression, dialect="duckdb")), read="duckdb")
    for where in list(tree.find_all(exp.Where)):
        where.set("this", _undecorated(where.this))
    return tree.sql(dialect="duckdb")


def _undecorated(condition: Any) -> Any:
    match condition:
        case exp.And() | exp.Or():
            both = (_undecorated(condition.this), _undecorated(condition.expression))
            return type(condition)(this=both[0], expression=both[1])
        case exp.Paren():
            return exp.Paren(this=_undecorated(condition.this))
        case exp.Coalesce() if condition.expressions == [exp.false()]:
            return condition.this
        case _:
            return condition


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
