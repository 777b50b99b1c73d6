"""The answer to a why: steps from the effect back to its first causes, each also said in Chinese and English."""

from datetime import datetime
from typing import Any

import msgspec


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain.

    `id` names the stream, or the fact; `position` is its place in the log (facts have none of their own). `actor` asked
    for it; times are UTC.
    """

    what: str
    id: str
    zh: str
    en: str
    position: int | None = None
    topic: str | None = None
    occurred_at: datetime | None = None
    recorded_at: datetime | None = None
    actor: str = ""
    details: dict[str, Any] = {}


class CauseChain(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked about, the answer in words, and the links it consists of, the effect first."""

    about: str
    zh: str
    en: str
    steps: tuple[Step, ...]


def chain(about: str, steps: list[Step]) -> CauseChain:
    """Return the steps as one answer."""
    return CauseChain(
        about=about, zh="".join(one.zh for one in steps), en=" ".join(one.en for one in steps), steps=tuple(steps)
    )
