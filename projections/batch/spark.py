"""The same query on Apache Spark: local, or a cluster (KOI_SPARK_MASTER). Needs the extra `spark` and Java 17."""

import shutil
from collections.abc import Iterable, Mapping
from typing import Any, Final

import ibis
import pyarrow as pa

from domain.activity.fields import PROPERTIES
from domain.kernel.rules.tree import Level
from projections.batch.compiling.compiled import LEVELS, Needs, arrow_schema
from projections.batch.compiling.rows import KEYS, FieldColumn
from projections.batch.lakehouse import Lakehouse
from projections.batch.loading import DuckEngine
from projections.batch.running import Engines
from projections.batch.staging.extracting import AT_RUN
from projections.batch.tables import days_table, uses_days

_TYPES: Final = {"string": "string", "int32": "int", "int64": "bigint", "float64": "double", "boolean": "boolean"}
_KEYS: Final = ("customer_id", "at", "day", "name")


class NoSparkError(Exception):
    """Spark cannot run here; the words say what is missing."""


def missing() -> str | None:
    """Return what keeps Spark from running here; None if nothing does."""
    try:
        import pyspark  # noqa: F401 - only whether it is there
    except ImportError:
        return "pyspark is not installed: make spark"
    return None if shutil.which("java") else "there is no Java: 17 or newer is needed"


def session(master: str = "local[2]") -> Any:
    """Return a Spark session for batch; raises `NoSparkError`."""
    if (reason := missing()) is not None:
        raise NoSparkError(reason)
    from pyspark.sql import SparkSession

    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        # A division by zero is missing, no error.
        "spark.sql.ansi.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # What a part holds fits one machine: there, handing rows from task to task is all cost.
        "spark.sql.shuffle.partitions": "1" if master.startswith("local") else "200",
        # A row of 300 tags in one generated method is more than the JVM compiles.
        "spark.sql.codegen.maxFields": "1000",
    }
    builder = SparkSession.builder.master(master).appName("koi-batch")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def engines(master: str | None) -> Engines:
    """Return the engines of a setting: DuckDB here, or the Spark that is named; raises `NoSparkError`."""
    return DuckEngine if master is None else spark_engines(session(master))


def spark_engines(opened: Any) -> Engines:
    """Return what makes engines over a Spark session."""
    return lambda lakehouse, needs, until: SparkEngine(opened, lakehouse, needs, until)


class SparkEngine:
    """Spark over the same staged files; a part is one job, whatever the number of machines."""

    def __init__(self, opened: Any, lakehouse: Lakehouse, needs: Needs, until: int) -> None:
        """Take what the query needs; `until` is the instant (microseconds) before which rows count."""
        self._spark = opened
        self._lakehouse = lakehouse
        self._needs = needs
        self._until = until
        self._has_strays = bool(lakehouse.directory.strays(lakehouse.digits).num_rows)
        self._withdrawn = self._taken_back()
        for level in LEVELS:
            if any(one.field.startswith(PROPERTIES) for one in needs.columns[level].values()):
                raise NoSparkError("rules over undeclared properties run on DuckDB: declare the field to use Spark")

    def load(self, part: str) -> pa.Table:
        """Make the tables of a part."""
        members = self._lakehouse.directory.members(part)
        grouped = members.group_by("profile_id").aggregate([("customer_id", "list")]).sort_by("profile_id")
        ids = grouped["profile_id"]
        numbers = pa.array(range(1, len(ids) + 1), pa.int32())
        people = pa.table({"n": numbers, "profile_id": ids, "customers": grouped["customer_id_list"]})
        self._view(people.select(["n", "profile_id"]), "people")
        number_of = dict(zip(ids.to_pylist(), numbers.to_pylist(), strict=True))
        named = pa.array([number_of[one] for one in members["profile_id"].to_pylist()], pa.int32())
        self._view(pa.table({"customer_id": members["customer_id"], "n": named}), "members")
        for level in LEVELS:
            self._level(level, part).createOrReplaceTempView(level)
        return people

    def say(self, said: pa.Table) -> None:
        """Make the table said."""
        self._view(said, "said")

    def rows(self, level: Level, people: Iterable[int]) -> pa.Table:
        """Return the rows of some people: they come to the driver, to be judged there."""
        chosen = ", ".join(map(str, people)) or "0"
        found: pa.Table = self._spark.sql(f"SELECT * FROM {level} WHERE n IN ({chosen}) ORDER BY n, at").toArrow()
        return found

    def result(self, expression: Any) -> pa.Table:
        """Return what the query selects."""
        backend = ibis.pyspark.connect(self._spark)
        found: pa.Table = self._spark.sql(backend.compile(expression)).toArrow()
        return found.cast(arrow_schema(expression))

    def close(self) -> None:
        """Leave the session as it is: it belongs to the caller."""

    def _level(self, level: Level, part: str) -> Any:
        """Return the rows of a part, with the numbers of their people."""
        files = (
            [path for paths in self._lakehouse.files[level].values() for path in paths]
            if self._has_strays
            else (list(self._lakehouse.files_of(level, part)))
        )
        columns = self._needs.columns[level]
        whole = None if not files else self._spark.read.parquet(*map(self._named, files))
        rows = [] if whole is None else [self._plain(whole, level)]
        if self._lakehouse.tail is not None:
            tail = self._spark.createDataFrame(_plain_arrow(getattr(self._lakehouse.tail, level)))
            rows.append(self._plain(tail, level))
        if not rows:
            return self._spark.createDataFrame([], _schema({**KEYS, **{n: one.type for n, one in columns.items()}}))
        every = rows[0]
        for more in rows[1:]:
            every = every.unionByName(more)
        every.createOrReplaceTempView("staged")
        return self._spark.sql(self._query(level, columns))

    def _query(self, level: Level, columns: Mapping[str, FieldColumn]) -> str:
        read = "".join(f", {self._column(level, one)} AS {name}" for name, one in columns.items())
        joins = ""
        if uses_days(columns):
            self._view(days_table(self._lakehouse, self._until), "days")
            joins += " LEFT JOIN days ON days.day = s.day"
        if self._lakehouse.products is not None and self._catalogued(level):
            self._view(self._lakehouse.products, "products")
            joins += " LEFT JOIN products ON products.product_id = s.f_product_id"
        tests = [f"s.at < {self._until}"]
        names = self._needs.asked[level].names
        if names is not None:
            tests.append(f"s.name IN ({', '.join(repr(one) for one in sorted(names))})" if names else "false")
        return f"""
            SELECT m.n, s.at, s.day, s.name{read}
            FROM staged AS s JOIN members AS m ON m.customer_id = s.customer_id{joins}
            WHERE {" AND ".join(tests)}
        """

    def _plain(self, frame: Any, level: Level) -> Any:
        """Return the columns that are read, without what was withdrawn."""
        if self._withdrawn is not None and "fact_id" in frame.columns:
            frame = frame.join(self._withdrawn, "fact_id", "left_anti")
        declared = self._lakehouse.fields.of(level)
        fields = {one.field for one in self._needs.columns[level].values()} - AT_RUN
        types = {f"f_{field}": _OF_FIELDS[declared[field].type] for field in fields}
        if self._catalogued(level):
            types["f_product_id"] = "string"
        told = [
            f"CAST({name} AS {type_}) AS {name}" if name in frame.columns else f"CAST(NULL AS {type_}) AS {name}"
            for name, type_ in sorted(types.items())
        ]
        return frame.selectExpr(*_KEYS, *told)

    def _column(self, level: Level, one: FieldColumn) -> str:
        if one.field == "event":
            return "s.name"
        if one.field in AT_RUN:
            return f"days.{one.field}"
        declared = self._lakehouse.fields.of(level)[one.field]
        if declared.product and self._lakehouse.products is not None:
            own = "items" if one.field in self._lakehouse.fields.items and level == "items" else "events"
            return f"coalesce(s.f_{one.field}, products.{own}_{one.field})"
        return f"s.f_{one.field}"

    def _catalogued(self, level: Level) -> bool:
        declared = self._lakehouse.fields.of(level)
        fields = {one.field for one in self._needs.columns[level].values()}
        return any(field in declared and declared[field].product for field in fields)

    def _taken_back(self) -> Any:
        lakehouse = self._lakehouse
        found = self._spark.read.parquet(*map(self._named, lakehouse.withdrawn)) if lakehouse.withdrawn else None
        if lakehouse.tail is not None and lakehouse.tail.withdrawn.num_rows:
            late = self._spark.createDataFrame(lakehouse.tail.withdrawn)
            found = late if found is None else found.unionByName(late)
        return found

    def _view(self, table: pa.Table, name: str) -> None:
        frame = self._spark.createDataFrame(_plain_arrow(table))
        frame.createOrReplaceTempView(name)

    def _named(self, path: str) -> str:
        filesystem = self._lakehouse.filesystem
        return path if filesystem is None else str(filesystem.unstrip_protocol(path))


_OF_FIELDS: Final = {"text": "string", "number": "double", "money": "bigint", "bool": "boolean"}


def _schema(columns: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` {_TYPES[type_]}" for name, type_ in columns.items())


def _plain_arrow(table: pa.Table) -> pa.Table:
    """Return the table without columns of no type, which Spark does not take."""
    kept = [name for name in table.column_names if not pa.types.is_null(table.schema.field(name).type)]
    return table.select(kept).combine_chunks()
