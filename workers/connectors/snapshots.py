"""Files that hold all customers: each is compared with the last one, so that only what has changed says anything.

Of the last file a snapshot is kept beside the lake: of each row the digests of its key and of what it says, under a key
of this installation, and whom it speaks of; nothing anybody could read. It is derived: lost, the next file is taken as
a whole, and says again what is known.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec
from fsspec.implementations.local import LocalFileSystem

from commands.activity.file_versions import Version, versions
from domain.identity.naming import Naming
from domain.ingestion.mapping import Mapping
from workers.connectors.destination import Destination
from workers.connectors.engine import count, literal, quoted
from workers.connectors.errors import SourceFileError
from workers.connectors.places import opened, put_whole
from workers.connectors.source_file import EVERYBODY
from workers.connectors.threads import in_thread

# So many may leave in any night.
_FEW = 10
_NOBODY = "SELECT CAST(NULL AS VARCHAR) AS key, CAST(NULL AS VARCHAR) AS said, CAST(NULL AS UUID) AS who LIMIT 0"


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows are as in the last file, and how many customers of it are missing (in the table `vanished`)."""

    unchanged: int
    left: int


async def last_snapshot(mapping: Mapping, sha256: str, into: Destination, folder: Path) -> Path | None:
    """Fetch the snapshot of the file before this one; None if there is none to rely on."""
    if mapping.snapshot_form is None:
        return None
    known = await versions(into.store.pool, mapping.identity, EVERYBODY)
    base = _base(known, sha256)
    return await in_thread(_fetched, _address(into, mapping, base), folder) if base else None


def _base(known: Sequence[Version], sha256: str) -> str | None:
    """A file that was interrupted and never taken up again may have said anything: after it nothing is relied upon."""
    before = [one for one in known if one.sha256 != sha256]
    return before[-1].sha256 if before and before[-1].is_whole else None


def compare(
    engine: duckdb.DuckDBPyConnection, mapping: Mapping, columns: Sequence[str], base: Path | None, naming: Naming
) -> Snapshot:
    """Create `digests`, `unchanged` (rows that say nothing new) and `vanished` (who is missing).

    `columns` are those of `raw` that say something: when a row was written says nothing.

    Raises:
        SourceFileError: so many are missing that the file is not whole.
    """
    form = mapping.snapshot_form
    key = naming.key_for("snapshot " + hashlib.sha256(msgspec.json.encode(mapping)).hexdigest())
    engine.execute(
        f"CREATE TABLE digests AS SELECT rowid AS ordinal, {_digest(key, mapping.key)} AS key, "
        f"{_digest(key, columns)} AS said FROM raw"
    )
    last = f"SELECT * FROM read_parquet({literal(str(base))})" if base else _NOBODY
    engine.execute(f"CREATE TABLE last AS {last}")
    firsts = "SELECT key, min(ordinal) AS ordinal FROM digests GROUP BY key"
    engine.execute(
        f"CREATE TABLE unchanged AS WITH same AS (SELECT d.key FROM ({firsts}) f JOIN digests d USING (ordinal) "
        "JOIN last l ON l.key = d.key AND l.said = d.said) SELECT ordinal FROM digests SEMI JOIN same USING (key)"
    )
    engine.execute("CREATE TABLE vanished AS SELECT key, who FROM last ANTI JOIN digests USING (key) ORDER BY key")
    left, before = count(engine, "SELECT count(*) FROM vanished"), count(engine, "SELECT count(*) FROM last")
    if form and left > max(_FEW, before * form.most_left):
        raise SourceFileError(
            f"{left:,} of the {before:,} customers of the last file are missing: this one is not whole, so nothing was "
            "imported. If they have left indeed, raise snapshot.most_left",
            field="file",
        )
    return Snapshot(unchanged=count(engine, "SELECT count(*) FROM unchanged"), left=left)


async def keep_snapshot(
    engine: duckdb.DuckDBPyConnection, mapping: Mapping, sha256: str, into: Destination, folder: Path
) -> None:
    """Keep what the next file is compared with: every good row. What was refused is looked at again then."""
    # With one identifier alone it is whom a row speaks of.
    who = "id0" if len(mapping.identifier) == 1 else "who"
    taken = (
        f"SELECT d.key, d.said, m.{who} FROM digests d JOIN marks m USING (ordinal) "
        "WHERE ordinal NOT IN (SELECT ordinal FROM broken) AND ordinal NOT IN (SELECT ordinal FROM duplicates)"
    )
    same = "SELECT l.* FROM last l SEMI JOIN (SELECT key FROM digests SEMI JOIN unchanged USING (ordinal)) USING (key)"
    file = folder / "snapshot.parquet"
    engine.execute(f"COPY ({same} UNION ALL {taken} ORDER BY key) TO {literal(str(file))} (FORMAT PARQUET)")
    await in_thread(put_whole, _address(into, mapping, sha256), file.read_bytes())


async def forget_older(mapping: Mapping, sha256: str, into: Destination) -> None:
    """Remove the snapshots of all files but this one."""
    await in_thread(_remove_others, _address(into, mapping, sha256))


def _digest(key: bytes, columns: Sequence[str]) -> str:
    """A keyed digest of columns, cut so that nobody can go on where it ends; what is missing is not the empty text."""
    texts = ", chr(31), ".join(f"coalesce(CAST({quoted(name)} AS VARCHAR), chr(30))" for name in columns)
    return f"left(sha256(concat({literal(key.hex())}, {texts})), 32)"


def _address(into: Destination, mapping: Mapping, sha256: str) -> str:
    place = hashlib.sha256(mapping.identity.encode()).hexdigest()[:16]
    return f"{into.lake_url.rstrip('/')}/snapshots/{place}/{sha256}.parquet"


def _fetched(address: str, folder: Path) -> Path | None:
    system, path = opened(address)
    if not system.exists(path):
        return None
    if isinstance(system, LocalFileSystem):
        return Path(path)
    local = folder / "last-snapshot.parquet"
    system.get_file(path, str(local))
    return local


def _remove_others(address: str) -> None:
    system, path = opened(address)
    for other in system.ls(path.rpartition("/")[0], detail=False):
        if str(other).endswith(".parquet") and str(other) != path:
            system.rm_file(other)
