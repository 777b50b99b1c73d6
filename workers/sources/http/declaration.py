"""The declaration of a source of kind `http`: what to ask, how pages are turned, where rows lie and what they mean."""

from datetime import timedelta
from typing import Any, Final, Literal

import msgspec

from commands.runtime.sources import Source, SourceError, settings_of
from domain.ingestion.mapping import Mapping, MappingError
from domain.ingestion.mapping_reading import parse

_MAPPING: Final = "mapping"
_SHORTEST_INTERVAL: Final = 5.0
_HOW_TO_KEY: Final = (
    "facts are known by their key, so say what tells a change from an end: "
    '{ column = "status", values = { "void" = "delete" }, otherwise = "upsert" }'
)
_ROWS: Final = ("customer", "campaign", "offer", "fact")


class Paging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pages are turned: by number (from `first`), by offset, by a cursor that lies at `next`, or not at all.

    A page with fewer rows than `size` is the last one; with a cursor, one without a next.
    """

    style: Literal["none", "page", "offset", "cursor"] = "none"
    first: int = 1
    size: int = 500
    next: str = ""


class Since(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field` of a row tells when it changed; the newest seen is asked for the next time, `first` the first time."""

    field: str
    first: str = ""


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kind = "http"`.

    In `query` and `body` stand the places {page}, {offset}, {cursor}, {size} and {since}; what would be empty is left
    out. `rows` is the path of the list of rows in the answer, "" where the answer is the list.
    """

    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    body: dict[str, Any] = {}
    rows: str = ""
    every: float = 300.0
    timeout: float = 30.0
    paging: Paging = Paging()
    since: Since | None = None
    mapping: Any = None


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A source as it is declared: what to ask, and the mapping of the rows."""

    name: str
    settings: HttpSettings
    mapping: Mapping

    @property
    def interval(self) -> timedelta:
        """How often it is asked."""
        return timedelta(seconds=max(self.settings.every, _SHORTEST_INTERVAL))


def declared(source: Source) -> Declared:
    """Return what the source's file says; raises `SourceError`."""
    settings = settings_of(source, HttpSettings)
    _check(source, settings)
    table = source.table.get(_MAPPING)
    if not isinstance(table, dict):
        raise SourceError("say what the rows mean, as for a file", field=f"{source.file.name}: {_MAPPING}")
    form = {"format": "jsonl", "most_broken": table.get("most_broken", 0.5)}
    rest = {key: value for key, value in table.items() if key != "most_broken"}
    try:
        mapping = parse({"source": source.name, "file": form, **rest})
    except MappingError as error:
        raise SourceError(error.detail, field=f"{source.file.name}: {_MAPPING}.{error.field or ''}") from None
    if mapping.row not in _ROWS:
        raise SourceError(f"rows are {' or '.join(_ROWS)}s", field=f"{source.file.name}: {_MAPPING}.row")
    if mapping.row == "fact" and mapping.operation is None:
        # Two pulls overlap: what is told again has to be known by its key, or it would count twice.
        raise SourceError(_HOW_TO_KEY, field=f"{source.file.name}: {_MAPPING}.operation")
    return Declared(name=source.name, settings=settings, mapping=mapping)


def _check(source: Source, settings: HttpSettings) -> None:
    wrong = None
    if not settings.url.startswith(("http://", "https://")):
        wrong = ("url", "an address, beginning with https:// or http://")
    elif settings.paging.style == "cursor" and not settings.paging.next:
        wrong = ("paging.next", 'the path of the next cursor in the answer, such as "data.next"')
    elif settings.paging.size < 1:
        wrong = ("paging.size", "at least one row a page")
    elif settings.body and settings.method == "GET":
        wrong = ("body", 'only with method = "POST"')
    if wrong:
        raise SourceError(wrong[1], field=f"{source.file.name}: {wrong[0]}")
