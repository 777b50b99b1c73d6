"""The seal: the decision that makes a batch of facts part of history, at one place in the total order."""

from datetime import datetime
from uuid import UUID

from domain.kernel.event import Event
from domain.kernel.ids import derived


class FactsSealed(Event, frozen=True, kw_only=True):
    """Facts `first_id` to `last_id` (inclusive, `count` of them, all `recorded_at` the same instant) happened.

    `sha256` (hex) is over the stored rows, see `commands.runtime.facts.DIGEST`. `latest_occurred_at` tells whether any
    of them is young enough to trigger something; `bulk` marks a back-fill.
    """

    TOPIC = "facts.sealed.v1"

    batch_key: str
    source: str
    first_id: int
    last_id: int
    count: int
    sha256: str
    recorded_at: datetime
    latest_occurred_at: datetime
    bulk: bool = False


class FileImported(Event, frozen=True, kw_only=True):
    """A source file was read to its end: what came of its rows. Its stream is the file, so it happens once."""

    TOPIC = "source.file_imported.v1"

    source: str
    file_name: str
    sha256: str
    size_bytes: int
    rows: int
    facts: int
    customers: int
    duplicates: int
    quarantined: int


def seal_stream(source: str, batch_key: str) -> UUID:
    """Return the stream a batch's seal lives in: the same batch delivered twice collides on version 1."""
    return derived("facts", source, batch_key)


def file_stream(source: str, sha256: str) -> UUID:
    """Return the stream of a file, by its content."""
    return derived("file", source, sha256)
