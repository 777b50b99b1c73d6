"""Read a mapping: a slip of the pen is told with its place and with what would be right."""

import difflib
import re
import tomllib
import typing
from typing import Any

import msgspec

from domain.ingestion.mapping import (
    Column,
    ConsentColumn,
    FileForm,
    IdentifierColumn,
    Lookup,
    Mapping,
    MappingError,
    Snapshot,
    TagsColumn,
    TimeColumn,
    Versions,
    Watching,
)
from domain.ingestion.mapping_rules import check

# Which keys a table of the file has, by the first step of its path.
_TABLES: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "": (Mapping,),
    "file": (FileForm,),
    "lookup": (Lookup, FileForm),
    "identifier": (IdentifierColumn,),
    "time": (TimeColumn,),
    "tags": (TagsColumn,),
    "consent": (ConsentColumn,),
    "watch": (Watching,),
    "versions": (Versions,),
    "snapshot": (Snapshot,),
}
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?\Z")
_MISSING = re.compile(r"Object missing required field `(.*?)`(?: - at `\$(.*)`)?\Z")
_OTHER = re.compile(r"(.*?)(?: - at `\$(.*)`)?\Z", re.DOTALL)


def read(text: str) -> Mapping:
    """Return the mapping a TOML file declares; raises `MappingError` naming the first key that is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "a key that has more than letters, digits, - and _ stands in quotes"
        raise MappingError(f"this is not TOML: {error}; {hint}") from None
    return parse(document)


def parse(document: dict[str, Any]) -> Mapping:
    """Return the mapping that a parsed document declares; raises `MappingError`."""
    try:
        mapping = msgspec.convert(document, Mapping)
    except msgspec.ValidationError as error:
        raise _explained(str(error), document) from None
    check(mapping)
    return mapping


def _explained(message: str, document: dict[str, Any]) -> MappingError:
    if found := _UNKNOWN.match(message):
        place, known = _place(found[2], document), _keys(found[2])
        near = difflib.get_close_matches(found[1], known, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        return MappingError(
            f"there is no key {found[1]} here; {meant}It has {', '.join(known)}", field=place + found[1]
        )
    if found := _MISSING.match(message):
        place = _place(found[2], document)
        return MappingError(f"the key {place}{found[1]} is missing", field=place + found[1])
    found = _OTHER.match(message)
    place = _place(found[2] if found else None, document).rstrip(".")
    return MappingError(f"{place or 'the mapping'}: {found[1] if found else message}", field=place or None)


def _keys(path: str | None) -> list[str]:
    first = re.split(r"[.\[]", (path or "").lstrip("."))[0]
    return [name for table in _TABLES.get(first, (Column,)) for name in table.__struct_fields__]


def _place(path: str | None, document: dict[str, Any]) -> str:
    """Return msgspec's path as a person writes it: `.fields[...]` becomes the name of the faulty field."""
    if not path:
        return ""
    place = path.lstrip(".")
    if "[...]" in place:
        table, _, rest = place.partition("[...]")
        faulty = [name for name, spec in document.get(table, {}).items() if not _is_column(spec)]
        place = f"{table}.{faulty[0]}{rest}" if faulty else table + rest
    return place + "."


def _is_column(spec: object) -> bool:
    try:
        msgspec.convert(spec, typing.cast("type[Any]", str | Column))
    except msgspec.ValidationError:
        return False
    return True
