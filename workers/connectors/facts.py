"""From rows to facts: one of a row, or one of the rows that share their keys, in the order of the file."""

from collections.abc import Sequence

import duckdb

from workers.connectors.candidates import candidates
from workers.connectors.engine import count, first_row, quoted
from workers.connectors.plan import Plan

ROWS = 50_000
GROUPED_ROWS = 300_000


class Facts:
    """The facts of a loaded file, a chunk at a time.

    A chunk is the facts whose first row lies between two numbers, whatever is broken or comes twice: the same file
    always falls into the same chunks, also through a mapping corrected in between.
    """

    def __init__(self, engine: duckdb.DuckDBPyConnection, plan: Plan, source: str, rows: int) -> None:
        """Take where the rows are: `source` joins `raw r` with `marks m`."""
        self._engine = engine
        self._plan = plan
        self._source = source
        self._size = GROUPED_ROWS if plan.mapping.group_by else ROWS
        self._rows = rows
        self.chunks = -(-rows // self._size)
        self.ids = [f"id{i}" for i in range(len(plan.mapping.identifier))]
        engine.execute("CREATE TABLE duplicates (ordinal BIGINT)")
        engine.execute("CREATE TABLE broken (ordinal BIGINT, problem INTEGER)")
        seen = ", ".join(f"{name} UUID" for name in ("who", *self.ids))
        engine.execute(f"CREATE TABLE seen ({seen})")

    def find_duplicates(self) -> int:
        """Note the rows whose key another row has: the first good one counts. Return how many others there are."""
        keys = [one.raw for one in self._plan.keys]
        read = ", ".join(f"r.{quoted(one.column.column)}" for one in self._plan.keys)
        hashes = f"SELECT hash({read}) FROM raw r GROUP BY 1 HAVING count(*) > 1"
        rows = self._plan.rows(f"{self._source} WHERE hash({read}) IN ({hashes})")
        # Where files tell changes, the last one is how it is now.
        order = "ordinal DESC" if self._plan.operation else "ordinal"
        turn = f"row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY problem IS NOT NULL, {order})"
        complete = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        query = f"SELECT ordinal, {turn} AS turn FROM ({rows}) WHERE {complete}"
        self._engine.execute(f"INSERT INTO duplicates SELECT ordinal FROM ({query}) WHERE turn > 1")
        return count(self._engine, "SELECT count(*) FROM duplicates")

    def make(self, chunk: int) -> int:
        """Fill the table `facts` with a chunk, note its broken rows, and return how many facts there are."""
        first, last = chunk * self._size, (chunk + 1) * self._size - 1
        is_grouped = bool(self._plan.mapping.group_by)
        rows = self._plan.rows(f"{self._source} WHERE {self._scope(first, last)}")
        if is_grouped:
            kept = ", ".join(("ordinal", "first", "who", *self.ids, *self._plan.values, "problem"))
            self._engine.execute(f"CREATE OR REPLACE TEMP TABLE rows AS SELECT {kept} FROM ({rows})")
            rows = "SELECT * FROM rows"
        made = candidates(self._plan, self.ids, rows)
        # A customer's facts side by side: the database's index of them is then built in a third less time, and reads
        # of a customer find neighbours.
        self._engine.execute(f"CREATE OR REPLACE TEMP TABLE candidates AS {made} ORDER BY who, happened, first")
        troubled = count(self._engine, "SELECT count(trouble) FROM candidates")
        if troubled and is_grouped:
            self._engine.execute(
                "INSERT INTO broken SELECT ordinal, coalesce(rows.problem, candidates.trouble) "
                "FROM candidates JOIN rows USING (first) WHERE trouble IS NOT NULL"
            )
        elif troubled:
            self._engine.execute("INSERT INTO broken SELECT first, trouble FROM candidates WHERE trouble IS NOT NULL")
        self._engine.execute("CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM candidates WHERE trouble IS NULL")
        return count(self._engine, "SELECT count(*) FROM candidates") - troubled

    def rows_of(self, chunk: int) -> int:
        """How many rows of the file a chunk covers."""
        return min(self._rows, (chunk + 1) * self._size) - chunk * self._size

    def newcomers(self) -> None:
        """Fill the table `newcomers` with the combinations of identifiers in `facts` that no chunk had before."""
        combination = ", ".join(("who", *self.ids))
        same = " AND ".join(f"s.{name} IS NOT DISTINCT FROM f.{name}" for name in ("who", *self.ids))
        self._engine.execute(
            f"CREATE OR REPLACE TEMP TABLE newcomers AS SELECT {combination}, min(happened) AS happened "
            f"FROM facts f WHERE who IS NOT NULL AND NOT EXISTS (SELECT 1 FROM seen s WHERE {same}) GROUP BY ALL"
        )
        self._engine.execute(f"INSERT INTO seen SELECT {combination} FROM newcomers")

    def _scope(self, first: int, last: int) -> str:
        """The condition of the rows whose group begins between the two, less the duplicates."""
        scope = f"m.ordinal BETWEEN {first} AND {last} AND r.rowid BETWEEN {first} AND {last}"
        if self._plan.mapping.group_by:
            bounds = f"SELECT min(ordinal), max(ordinal) FROM marks WHERE first BETWEEN {first} AND {last}"
            lowest, highest = first_row(self._engine, bounds)
            within = f"BETWEEN {lowest or 0} AND {highest or 0}"
            scope = f"m.first BETWEEN {first} AND {last} AND m.ordinal {within} AND r.rowid {within}"
        if count(self._engine, "SELECT count(*) FROM duplicates"):
            scope += " AND m.ordinal NOT IN (SELECT ordinal FROM duplicates)"
        return scope


def newcomers_of(ids: Sequence[str]) -> str:
    """Return the query of the newcomers: who, since when, then id and value of each identifier in turn."""
    return f"SELECT t.who, t.happened{_values(ids)} FROM newcomers t {_joined(ids)}"


def people_of(ids: Sequence[str]) -> str:
    """Return the query of what `facts` say of people: who, when, the open and the hidden part, the identifiers."""
    return f"SELECT t.who, t.happened, t.body, t.hidden{_values(ids)} FROM facts t {_joined(ids)} ORDER BY t.first"


def _values(ids: Sequence[str]) -> str:
    return "".join(f", t.{name}, n{i}.value" for i, name in enumerate(ids))


def _joined(ids: Sequence[str]) -> str:
    # Two spellings may mean one identifier.
    once = "(SELECT id, any_value(value) AS value FROM names{} GROUP BY id)"
    return " ".join(f"LEFT JOIN {once.format(i)} n{i} ON n{i}.id = t.{name}" for i, name in enumerate(ids))
