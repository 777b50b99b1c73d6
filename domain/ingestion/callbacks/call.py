"""A call of a platform, the letter in it, and what is to come of what the letter says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from domain.identity.identifier import Identifier
from domain.ingestion.refusal import IngestionError, Parsed


class ForgedCallError(IngestionError):
    """The call does not bear the platform's signature: nothing in it is believed."""

    code = "call.forged"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came: the body as sent, the names of headers in small letters; `received_at` is UTC."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class Answer(msgspec.Struct, frozen=True):
    """What the platform wants to hear, with status 200; else it calls again."""

    body: bytes
    media_type: str = "text/plain"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose signature is right: its content in clear, None where it only asked whether we are there."""

    body: bytes | None
    answer: Answer


class Hint(msgspec.Struct, frozen=True):
    """Something changed there, and has to be asked for: `subject` says what, as in order:2100000000000000001.

    It must not tell who a person is; the same subject again is the same hint until somebody has followed it.
    """

    subject: str


class ConsentWord(msgspec.Struct, frozen=True, kw_only=True):
    """What a person told the platform about our messages: it counts as if told to us.

    `evidence` names the platform's own record of it and makes a repeat harmless, so it must be the same each time.
    """

    identifiers: tuple[Identifier, ...]
    channel: str
    purpose: str
    state: Literal["granted", "withdrawn"]
    text_version: str
    evidence: str
    occurred_at: datetime


class ErasureDuty(msgspec.Struct, frozen=True, kw_only=True):
    """A person ended what the platform let us know of her: under these identifiers she has to be forgotten."""

    identifiers: tuple[Identifier, ...]
    reason: str
    evidence: str


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What a letter says: activities (and what of it cannot be read), hints, words on consent, duties to erase."""

    parsed: Parsed = Parsed([], [])
    hints: tuple[Hint, ...] = ()
    consents: tuple[ConsentWord, ...] = ()
    erasures: tuple[ErasureDuty, ...] = ()


NOTHING: Final = Received()
SUCCESS: Final = Answer(b"success")
