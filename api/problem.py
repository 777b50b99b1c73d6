"""The problem document (RFC 9457): the form of every error there is."""

from typing import Final

import msgspec

MEDIA_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:koi:problem:"


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with the input: where, and what would be right."""

    message: str
    field: str | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457: `type` is stable for each kind (`code` is its last part), `detail` says what would be right."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str
    instance: str | None = None
    errors: list[Fault] = []
