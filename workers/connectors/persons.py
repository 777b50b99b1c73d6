"""The rules of cleaning inside the engine: columns of the types sex, birthday, name, phone, email, region, and amounts.

Python runs for these columns alone, and each distinct value is cleaned once as long as it is remembered.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

import duckdb

from commands.runtime.clock import now
from domain.cleaning.amounts import amount_text
from domain.cleaning.cleaning import Cleaner
from domain.ingestion.mapping import PERSON_TYPES

_REMEMBERED: Final = 65_536
_MONEY: Final = "koi_amount"
_LONGEST: Final = 64


def teach(engine: duckdb.DuckDBPyConnection, cleaner: Cleaner, source: str, currency: str | None) -> None:
    """Make the rules known to the engine, as they hold for a source and its currency."""
    said_at = now()
    for kind in PERSON_TYPES:
        _make(engine, function(kind), _reader(cleaner, kind, source, said_at))
    _make(engine, _MONEY, lambda text: _amount(text, currency, cleaner))


def function(kind: str) -> str:
    """Return the name of the function: null for what is broken, an empty text for what says nothing."""
    return f"koi_{kind}"


def amount(raw: str) -> str:
    """Return the SQL of a written amount as plain decimal text; null where it is none."""
    return f"{_MONEY}({raw})"


def _make(engine: duckdb.DuckDBPyConnection, name: str, read: Callable[[str], str | None]) -> None:
    remembered = functools.lru_cache(maxsize=_REMEMBERED)(read)

    def safe(text: str | None) -> str | None:
        return None if text is None else remembered(text)

    # Its stubs know the option by an enum alone; nulls have to reach the function, since it gives null another meaning.
    create: Any = engine.create_function
    create(name, safe, ["VARCHAR"], "VARCHAR", null_handling="special")


def _reader(cleaner: Cleaner, kind: str, source: str, said_at: Any) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        reading = cleaner.read(kind, text, source, said_at)
        return None if reading.is_refused else str(reading.value or "")

    return read


def _amount(text: str, currency: str | None, cleaner: Cleaner) -> str | None:
    return amount_text(text, currency or "", cleaner.rules.money) if len(text) <= _LONGEST else None
