"""The declared sources: one TOML file each, in one folder, read alike by the API and the workers.

`kind` says what it is (`file`, a mapping, where it is left out), `name` what it is called (else the file's name without
`.toml`, which for a mapping is always so); the rest belongs to the kind. A secret need not stand in the file:
`{ env = "NAME" }` or `{ file = "path" }` stands for it.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from domain.kernel.errors import KoiError

T = TypeVar("T")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_AT: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


class SourceError(KoiError):
    """A declared source cannot be used; `field` is the file, then the key in it."""

    code = "source.invalid"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A declared source: its name (stands on every fact), its kind, its file, and what the file says."""

    name: str
    kind: str
    file: Path
    table: Mapping[str, Any]

    def __repr__(self) -> str:
        """Without the table, which may hold secrets."""
        return f"Source({self.name!r}, {self.kind!r})"


def read_sources(folder: Path, *, kind: str | None = None) -> list[Source]:
    """Return the sources declared in the folder (and those below it), by name; of one kind, if it is given.

    Raises `SourceError` for a file that cannot be read, or a name that two files claim.
    """
    found: dict[str, Source] = {}
    for file in sorted(folder.rglob("*.toml")) if folder.is_dir() else ():
        source = read_source(file)
        if source.name in found:
            other = found[source.name].file.name
            raise SourceError(f"{other} has the name {source.name} as well: give one another `name`", field=file.name)
        found[source.name] = source
    return [source for source in found.values() if kind is None or source.kind == kind]


def read_source(file: Path) -> Source:
    """Return the source that a file declares; raises `SourceError`."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{file.name} cannot be read as TOML: {error}", field=file.name) from None
    kind = table.pop("kind", "file")
    # A mapping of files has a `name` of its own, among those of its source.
    name = file.stem if kind == "file" else table.pop("name", file.stem)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SourceError("`name` has small letters, digits, - and _, at most 64", field=f"{file.name}: name")
    if not isinstance(kind, str):
        raise SourceError('`kind` is a text such as "file" or "taobao"', field=f"{file.name}: kind")
    return Source(name=name, kind=kind, file=file, table=table)


def settings_of(source: Source, form: type[T], *, env: Mapping[str, str] | None = None) -> T:
    """Return what the source's file says as `form`, secrets looked up; raises `SourceError` naming the key at fault."""
    table = _looked_up(source.table, source, os.environ if env is None else env, "")
    try:
        return msgspec.convert(table, form)
    except msgspec.ValidationError as error:
        # msgspec's words name types and places, never a value.
        place = _AT.search(str(error))
        key = place["path"] if place else ""
        detail = _AT.sub("", str(error))
        raise SourceError(f"{source.file.name}: {detail}", field=f"{source.file.name}: {key}".rstrip(": ")) from None


def _looked_up(value: Any, source: Source, env: Mapping[str, str], place: str) -> Any:
    match value:
        case {"env": str(name), **rest} if not rest:
            if name not in env:
                raise SourceError(f"set the variable {name}", field=f"{source.file.name}: {place}")
            return env[name]
        case {"file": str(name), **rest} if not rest and place:
            try:
                return (source.file.parent / name).read_text(encoding="utf-8").strip()
            except OSError:
                raise SourceError(f"{name} cannot be read", field=f"{source.file.name}: {place}") from None
        case Mapping():
            return {key: _looked_up(one, source, env, f"{place}.{key}".lstrip(".")) for key, one in value.items()}
        case list():
            return [_looked_up(one, source, env, f"{place}[{i}]") for i, one in enumerate(value)]
        case _:
            return value
