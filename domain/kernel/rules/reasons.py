"""Reasons: the parts of a rule or a value as they came out, with the facts and words they came from."""

from datetime import datetime

import msgspec

from domain.kernel.rules.history import Occurrence
from domain.kernel.rules.tree import Rule, Scalar, Value


class Evident(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that counts: its id in the fact log, and when (UTC) what happened."""

    fact_id: int
    occurred_at: datetime
    event: str

    @classmethod
    def of(cls, occurrence: Occurrence) -> "Evident":
        return cls(fact_id=occurrence.fact_id, occurred_at=occurrence.occurred_at, event=occurrence.name)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A word that counts: about what, since when, and by which rule if it was inferred and never said."""

    about: str
    since: datetime
    value: Scalar | tuple[str, ...] | None
    inferred_by: str | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a rule or a value at an instant, and the parts it is made of.

    `place` is its dotted path; what a tag or a segment is made of stands under `definition`. A rule has `holds`, a
    value `value` (None: missing). `facts` are the latest of the `total` that count, newest first.
    """

    place: str
    node: Rule | Value
    at: datetime
    holds: bool | None = None
    value: Scalar | tuple[str, ...] | None = None
    total: int = 0
    facts: tuple[Evident, ...] = ()
    said: tuple[Said, ...] = ()
    parts: tuple["Reason", ...] = ()
