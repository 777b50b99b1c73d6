"""What is declared: read source by source, so that a slip in one file does not silence the others."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from commands.runtime.settings import SettingError
from commands.runtime.sources import Source, SourceError, read_source
from domain.kernel.errors import NotFoundError

WRONG_DECLARATION = (SourceError, SettingError)


class NoSuchSourceError(NotFoundError):
    """No source of that name is declared."""

    code = "source.unknown"


class Unreadable(msgspec.Struct, frozen=True):
    """A file that declares nothing yet, and why; it is called as its source would be."""

    name: str
    file: Path
    reason: str


def declared(folder: Path) -> tuple[list[Source], list[Unreadable]]:
    """Return the sources of the folder, and those of its files that cannot be read."""
    sources: dict[str, Source] = {}
    unreadable = []
    for file in sorted(folder.rglob("*.toml")) if folder.is_dir() else ():
        try:
            source = read_source(file)
        except SourceError as error:
            unreadable.append(Unreadable(file.stem, file, error.detail))
            continue
        if source.name in sources:
            first = sources[source.name].file.name
            reason = f"{first} has the name {source.name} as well: give one another `name`"
            unreadable.append(Unreadable(f"{source.name} ({file.name})", file, reason))
        else:
            sources[source.name] = source
    return list(sources.values()), unreadable


def the(folder: Path, names: Sequence[str]) -> list[Source]:
    """Return the sources of these names, all if none is named; raises `NoSuchSourceError` or `SourceError`."""
    sources, unreadable = declared(folder)
    found = {source.name: source for source in sources}
    wrong = {one.name: one for one in unreadable}
    for name in names:
        if name in wrong:
            raise SourceError(wrong[name].reason, field=wrong[name].file.name)
        if name not in found:
            known = ", ".join(sorted(found)) or "none"
            raise NoSuchSourceError(f"there is no source {name} in {folder}; declared are: {known}")
    return [found[name] for name in names] if names else sources


def declaration(source: Source) -> bytes:
    """Return the digest of a source's file, by which a change is seen."""
    return digest(source.file)


def digest(file: Path) -> bytes:
    """Return the digest of a declaration."""
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError:
        return b""
