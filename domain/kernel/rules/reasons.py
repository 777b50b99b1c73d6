"""Reasons: the parts of a rule or a value as they came out, with the facts and words they came from."""

from datetime import datetime
from typing import Any

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


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """A part as it is shown (as JSON, at its `place`): `holds` of a condition, else its `value`.

    `facts` are the newest of the `total` that count; `said` what was said, or inferred.
    """

    place: str
    part: Any
    holds: bool | None
    value: Any
    total: int
    facts: list[Evident]
    said: list[Said]

    @classmethod
    def of(cls, reason: Reason) -> "Why":
        return cls(
            place=reason.place,
            part=msgspec.to_builtins(reason.node),
            holds=reason.holds,
            value=reason.value,
            total=reason.total,
            facts=list(reason.facts),
            said=list(reason.said),
        )
