"""Scopes: what a key opens. None of them implies another."""

import enum
from collections.abc import Iterable

from domain.kernel.errors import InvalidInputError


class Scope(enum.StrEnum):
    """One kind of thing a key may do."""

    INGEST = "ingest"
    """Send events."""
    READ = "read"
    """Read views; personal values are masked."""
    PERSONAL = "personal"
    """See personal values in clear, wherever another scope lets one read."""
    COMMAND = "command"
    """Ask for changes."""
    AUDIT = "audit"
    """Read history itself: streams, states as of a time, why something happened."""
    ADMIN = "admin"
    """See what needs a hand: dead letters and the quarantine."""


class ScopeError(InvalidInputError):
    """A word that is no scope, or none at all."""

    code = "scope.unknown"


def scopes(words: Iterable[str]) -> tuple[Scope, ...]:
    """Return the scopes named, each once, in the order of their declaration; raises `ScopeError`."""
    wanted = set(words)
    unknown = wanted.difference(Scope)
    if unknown or not wanted:
        raise ScopeError(f"a key opens one or more of {', '.join(Scope)}", field="scopes")
    return tuple(scope for scope in Scope if scope in wanted)
