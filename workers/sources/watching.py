"""Which files lie in a watched place, which of them are complete, and what became of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import asyncpg
import msgspec

from domain.ingestion.mapping import Mapping as FileMapping
from workers.connectors.places import beside, opened, stamp

# Names under which programs keep what they have not finished yet.
_UNFINISHED = (".tmp", ".part", ".filepart", ".crdownload", ".report.json")

_KNOWN = "SELECT address, stamp, state, declared, reason FROM watched_file WHERE source = $1"
_NOTE = """
    INSERT INTO watched_file AS w (source, address, stamp, state, declared, sha256, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (source, address) DO UPDATE
    SET stamp = $3, state = $4, declared = $5, sha256 = $6, reason = $7, noted_at = now()
"""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the place: its address, what tells its content from another, and whether its marker is there."""

    address: str
    stamp: str
    is_marked: bool

    @property
    def name(self) -> str:
        """Its name."""
        return PurePosixPath(self.address).name


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What was noted of a file: `seen` before it was complete, `taken`, or `refused` under a declaration."""

    address: str
    stamp: str
    state: str
    declared: bytes
    reason: str | None


def look(mapping: FileMapping, base: Path) -> list[Found]:
    """Return the files of the place, by name; raises `SourceFileError` if it cannot be reached."""
    form, marker = mapping.file_form, mapping.watch.marker
    system, path = opened(beside(form.path, base), form.options)
    system.invalidate_cache()
    listed = {name: info for name, info in system.glob(path, detail=True).items() if info.get("type") == "file"}
    beside_them: set[str] = set()
    for folder in {name.rpartition("/")[0] for name in listed} if marker else ():
        beside_them.update(str(name).rstrip("/") for name in system.ls(folder, detail=False))
    return [
        Found(
            address=str(system.unstrip_protocol(name)),
            stamp=stamp(info),
            is_marked=bool(marker) and bool({name + marker, name.rpartition(".")[0] + marker} & beside_them),
        )
        for name, info in sorted(listed.items())
        if not _is_none_of_ours(name, marker)
    ]


def is_complete(found: Found, noted: Noted | None, marker: str) -> bool:
    """Whether a file is all there: its marker lies beside it, or it is as it was at the last look."""
    return found.is_marked if marker else noted is not None and noted.stamp == found.stamp


def is_settled(found: Found, noted: Noted | None, declared: bytes) -> bool:
    """Whether nothing is to be done about a file as it is: it was taken, or refused under this very declaration."""
    if noted is None or noted.stamp != found.stamp:
        return False
    return noted.state == "taken" or (noted.state == "refused" and noted.declared == declared)


async def noted_files(pool: asyncpg.Pool, source: str) -> Mapping[str, Noted]:
    """Return what was noted of a source's files, by address."""
    return {row["address"]: Noted(**dict(row)) for row in await pool.fetch(_KNOWN, source)}


async def note(
    pool: asyncpg.Pool,
    source: str,
    found: Found,
    state: str,
    declared: bytes,
    *,
    sha256: str | None = None,
    reason: str | None = None,
) -> None:
    """Note a file as it was at this look. Lost notes cost time alone: what a file brought is known by its content."""
    await pool.execute(_NOTE, source, found.address, found.stamp, state, declared, sha256, reason)


def _is_none_of_ours(name: str, marker: str) -> bool:
    last = PurePosixPath(name).name
    return last.startswith(".") or last.endswith(_UNFINISHED) or (bool(marker) and last.endswith(marker))


def waiting(names: Sequence[str]) -> list[str]:
    """Return the words about files that are not complete yet."""
    if not names:
        return []
    few = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")  # noqa: PLR2004 - as many as fit a line
    return [f"{len(names)} not known to be complete yet, looked at again: {few}"]
