"""What of a file is told already, by an earlier version of it or by another source, and what it takes back.

Everything here looks things up, chunk by chunk; nothing is written. The same file, looked at again after it was
interrupted, gives the same answers for the chunks that are written already.
"""

from typing import Final
from uuid import UUID

import duckdb
import msgspec

from commands.activity.fact_keys import Claims, Held, held, order_key, row_key
from domain.activity.sealing import FactsSealed
from domain.activity.withdrawing import WITHDRAWN
from workers.connectors.destination import Destination
from workers.connectors.earlier import CONTENT, load_held
from workers.connectors.engine import count, first_row, literal
from workers.connectors.errors import SourceFileError
from workers.connectors.loading import Loaded
from workers.connectors.threads import in_engine

# So many may be wrong in any file.
_FEW = 10
# Before these stand the rows of the file.
_REVERSALS = 1 << 40
_NUMBERED = """
    CREATE OR REPLACE TEMP TABLE numbered AS
    WITH c AS (SELECT first, {content} AS content FROM (SELECT *, {currency} AS currency FROM facts)),
    before AS (SELECT content, sum(times) AS times FROM told WHERE content IN (SELECT content FROM c) GROUP BY content)
    SELECT first, content, coalesce(times, 0) + row_number() OVER (PARTITION BY content ORDER BY first) AS n
    FROM c LEFT JOIN before USING (content)
"""
_VANISHED = """
    CREATE OR REPLACE TABLE vanished AS
    SELECT e.* FROM earlier e
    LEFT JOIN (SELECT content, sum(times) AS times FROM told GROUP BY content) t USING (content)
    WHERE e.n > coalesce(t.times, 0) ORDER BY fact_id
"""
_REVERSED: Final = """
    SELECT {first} + row_number() OVER (ORDER BY fact_id) AS first, who, happened, '{withdrawn}' AS event, amount,
           currency, CAST(NULL AS VARCHAR) AS hidden,
           concat('{{"fact_id":', fact_id, ',"name":', to_json(event), ',"reason":"{reason}",', {file}, '}}') AS body
    FROM {table}
"""
_TAKEN_BACK = """
    SELECT count(*) FROM fact_log WHERE name = $1 AND recorded_at = $2 AND fact_id BETWEEN $3 AND $4
"""
_KEPT = """
    SELECT first, who, happened, event, amount, {currency} AS currency, hidden, body FROM candidates
    WHERE trouble IS NULL AND first NOT IN (SELECT first FROM set_aside)
"""


class Settled(msgspec.Struct, kw_only=True):
    """What became of the facts of a file so far: told `unchanged` before, told `elsewhere`, and taken back."""

    unchanged: int = 0
    elsewhere: int = 0
    withdrawn: int = 0


class Settling:
    """Compares one file with what is known."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, loaded: Loaded, into: Destination, *, earlier: int) -> None:
        """Take how many facts earlier versions told (they are in the table `earlier`)."""
        self._engine = engine
        self._loaded = loaded
        self._into = into
        self._plan = loaded.plan
        self._earlier = earlier
        self._claimed: set[UUID] = set()
        self._latest: set[UUID] = set()
        self.so_far = self._before = Settled()
        money = literal(self._plan.currency or "")
        self._currency = f"CASE WHEN amount IS NOT NULL THEN {money} END"
        engine.execute("CREATE TABLE set_aside (first BIGINT)")
        engine.execute("CREATE TABLE told (content VARCHAR, times BIGINT)")
        engine.execute("CREATE TABLE vanished (fact_id BIGINT)")

    @property
    def has_keys(self) -> bool:
        """Whether facts are known by more than what they say."""
        return self._plan.ref is not None or self._plan.operation is not None

    async def compare(self) -> None:
        """Find what the file no longer tells, before anything is written.

        Raises:
            SourceFileError: so much is missing that this is no correction.
        """
        if not self._earlier:
            return
        await in_engine(self._engine, self._compare)
        missing, most = self.vanished, self._plan.mapping.versions.most_withdrawn
        if missing > max(_FEW, self._earlier * most):
            raise SourceFileError(
                f"{self._loaded.raw.file.name} was delivered before with another content, and {missing:,} of the "
                f"{self._earlier:,} facts it told then are missing or different now: too many for a correction, so "
                "nothing was imported. If each delivery stands for itself, whatever its name, say "
                'versions = { of = "nothing" }; if it is a correction, raise versions.most_withdrawn',
                field="file",
            )

    def _compare(self) -> None:
        for chunk in range(self._loaded.facts.chunks):
            self._loaded.facts.make(chunk)
            self._tell()
        self._engine.execute(_VANISHED)
        for table in ("told", "broken"):
            self._engine.execute(f"DELETE FROM {table}")

    @property
    def vanished(self) -> int:
        """How many facts of earlier versions the file does not tell any more."""
        return count(self._engine, "SELECT count(*) FROM vanished")

    async def chunk(self, seal: FactsSealed | None) -> Claims | None:
        """Reduce `facts` to what is left to record of the chunk made last, with what it takes back.

        Return the keys it claims, each for a row (`first`) of the chunk. `seal` is that of a chunk written before.
        """
        engine = self._engine
        engine.execute("DELETE FROM set_aside")
        if self._earlier:
            await in_engine(engine, self._tell)
            engine.execute("INSERT INTO set_aside SELECT first FROM numbered JOIN earlier USING (content, n)")
            self.so_far.unchanged += count(engine, "SELECT count(*) FROM set_aside")
        self._before = msgspec.structs.replace(self.so_far)
        claims = await self._keys(seal) if self.has_keys else None
        await in_engine(engine, self._settle)
        return claims

    async def again(self) -> tuple[int, Claims]:
        """Look at the chunk made last once more: another source has told some of it since; return what is left."""
        self.so_far = msgspec.structs.replace(self._before)
        self._claimed -= self._latest
        self._engine.execute("DELETE FROM set_aside")
        if self._earlier:
            self._engine.execute("INSERT INTO set_aside SELECT first FROM numbered JOIN earlier USING (content, n)")
        self._engine.execute("CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM candidates WHERE trouble IS NULL")
        claims = await self._keys(None)
        await in_engine(self._engine, self._settle)
        return self.remaining(), claims

    def withdraw(self, first: int, last: int) -> int:
        """Let `facts` be the withdrawals of some of what has vanished; return how many."""
        chosen = f"(SELECT * FROM vanished WHERE rowid BETWEEN {first} AND {last})"
        self._engine.execute(f"CREATE OR REPLACE TEMP TABLE settled AS {self._reversed(chosen, 'missing')}")
        self._engine.execute("CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM settled ORDER BY who, happened, first")
        return count(self._engine, "SELECT count(*) FROM settled")

    def given_up(self, first: int, last: int) -> list[int]:
        """Return the facts of these withdrawals."""
        rows = self._engine.execute(f"SELECT fact_id FROM vanished WHERE rowid BETWEEN {first} AND {last}").fetchall()
        return [int(fact_id) for (fact_id,) in rows]

    def _tell(self) -> None:
        self._engine.execute(_NUMBERED.format(content=CONTENT, currency=self._currency))
        self._engine.execute("INSERT INTO told SELECT content, count(*) FROM numbered GROUP BY content")

    async def _keys(self, seal: FactsSealed | None) -> Claims:
        """Set aside what is told under its key already; what it replaces or deletes goes into `replaced`."""
        rows = self._keyed()
        wanted = [key for _, keys, _, _ in rows for key in keys]
        found = await held(self._into.store.pool, wanted)
        contents = await self._contents(found)
        takes: dict[UUID, int] = {}
        given_up: list[int] = []
        aside: list[int] = []
        for first, keys, operation, content in rows:
            told = [found[key] for key in keys if key in found]
            old = [one.fact_id for one in told if one.fact_id is not None]
            own = [fact_id for fact_id in old if seal and seal.first_id <= fact_id <= seal.last_id]
            if operation == "delete":
                aside.append(first)
                given_up += [fact_id for fact_id in old if fact_id in contents]
            elif operation and any(contents.get(fact_id) == content for fact_id in old) and not own:
                aside.append(first)
                self.so_far.unchanged += 1
            elif self._claimed.intersection(keys) or self._is_elsewhere(told, contents, operation, bool(own)):
                aside.append(first)
                self.so_far.elsewhere += 1
            else:
                takes |= dict.fromkeys(keys, first)
                given_up += old
                self._claimed.update(keys)
        if seal:
            self.so_far.withdrawn += await self._taken_back(seal)
        self._latest = set(takes)
        self._set_aside(aside, [] if seal else given_up, contents)
        return Claims(takes=takes, given_up=given_up)

    async def _taken_back(self, seal: FactsSealed) -> int:
        """How many facts a chunk that is written took back."""
        bounds = (seal.recorded_at, seal.first_id, seal.last_id)
        return int(await self._into.store.pool.fetchval(_TAKEN_BACK, WITHDRAWN, *bounds))

    def _is_elsewhere(
        self,
        told: list[Held],
        contents: dict[int, str],
        operation: str | None,
        own: bool,  # noqa: FBT001 - of one call
    ) -> bool:
        """Whether another source, or another file, holds one of the keys."""
        return not own and any(one.fact_id not in contents or not (operation or self._earlier) for one in told)

    def _keyed(self) -> list[tuple[int, list[UUID], str | None, str]]:
        plan = self._plan
        columns = [f"{name if name in plan.named else 'NULL'} AS {name}" for name in ("ref", "operation", "row_key")]
        priced = f"SELECT *, {self._currency} AS currency FROM facts"
        rows = self._engine.execute(
            f"SELECT first, event, {', '.join(columns)}, {CONTENT} FROM ({priced}) "
            "WHERE first NOT IN (SELECT first FROM set_aside) ORDER BY first"
        ).fetchall()
        identity = plan.mapping.keyed_as or plan.mapping.identity
        keyed = []
        for first, event, ref, operation, key, content in rows:
            keys = [order_key(str(event), str(ref))] if ref is not None and event is not None else []
            keys += [row_key(identity, str(key))] if operation is not None else []
            if keys:
                keyed.append((int(first), keys, operation, str(content)))
        return keyed

    async def _contents(self, found: dict[UUID, Held]) -> dict[int, str]:
        """Return the contents of those facts behind keys that this mapping may replace, by their ids."""
        contents: dict[int, str] = {}
        if self._earlier:
            ids = [one.fact_id for one in found.values() if one.fact_id is not None]
            rows = self._engine.execute("SELECT fact_id, content FROM earlier WHERE list_contains(?, fact_id)", [ids])
            contents |= dict(rows.fetchall())
        if self._plan.operation:
            identity = self._plan.mapping.keyed_as or self._plan.mapping.identity
            mine = {row_key(identity, str(key)) for (key,) in self._row_keys()}
            await load_held(self._engine, self._into, [one for key, one in found.items() if key in mine])
            contents |= dict(self._engine.execute(f"SELECT fact_id, {CONTENT} FROM held").fetchall())
        return contents

    def _row_keys(self) -> list[tuple[str]]:
        return self._engine.execute("SELECT DISTINCT row_key FROM facts").fetchall()

    def _set_aside(self, aside: list[int], given_up: list[int], contents: dict[int, str]) -> None:
        if aside:
            self._engine.execute("INSERT INTO set_aside SELECT unnest(?)", [aside])
        chosen = [fact_id for fact_id in given_up if fact_id in contents] if self._plan.operation else []
        if chosen:
            self._engine.execute(
                "CREATE OR REPLACE TEMP TABLE replaced AS SELECT * FROM held WHERE list_contains(?, fact_id)", [chosen]
            )
        else:
            self._engine.execute("DROP TABLE IF EXISTS replaced")

    def _settle(self) -> None:
        parts = [_KEPT.format(currency=self._currency)]
        if self._engine.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'replaced'").fetchall():
            parts.append(self._reversed("replaced", "replaced"))
            self.so_far.withdrawn += count(self._engine, "SELECT count(*) FROM replaced")
        self._engine.execute(f"CREATE OR REPLACE TEMP TABLE settled AS {' UNION ALL '.join(parts)}")
        self._engine.execute("CREATE OR REPLACE TEMP VIEW facts AS SELECT * FROM settled ORDER BY who, happened, first")

    def _reversed(self, table: str, reason: str) -> str:
        name = literal('"file":' + msgspec.json.encode(self._loaded.raw.file.name).decode())
        return _REVERSED.format(first=_REVERSALS, withdrawn=WITHDRAWN, reason=reason, file=name, table=table)

    def fact_ids(self, first_id: int) -> dict[int, int]:
        """Return the fact id that each row of `facts` will have."""
        number = "row_number() OVER (ORDER BY who, happened, first)"
        rows = self._engine.execute(f"SELECT first, {first_id - 1} + {number} FROM facts").fetchall()
        return {int(first): int(fact_id) for first, fact_id in rows}

    def remaining(self) -> int:
        """How many facts are left to record."""
        return int(first_row(self._engine, "SELECT count(*) FROM settled")[0])
