"""May this message be sent? The last word of the person on channel and purpose decides, at the time of sending."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol


class Word(Protocol):
    """What a customer said about a channel and a purpose, and when."""

    @property
    def state(self) -> str:
        """Either `granted` or `withdrawn`."""
        ...

    @property
    def occurred_at(self) -> datetime:
        """When it was said (UTC)."""
        ...

    @property
    def is_proven(self) -> bool:
        """False for a grant that only a list without evidence tells of."""
        ...


def last_word(consents: Iterable[Mapping[tuple[str, str], Word]], channel: str, purpose: str) -> str | None:
    """Return the latest state over all customers of one profile; of words at the same time the more restrictive.

    A grant that is not proven counts only where nobody said anything else: it does not end a withdrawal, however old.
    """
    words = [said[channel, purpose] for said in consents if (channel, purpose) in said]
    if not words:
        return None
    return max(words, key=lambda word: (word.is_proven, word.occurred_at, word.state != "granted")).state


def allows(
    consents: Iterable[Mapping[tuple[str, str], Word]], channel: str, purpose: str, *, requires_grant: bool
) -> bool:
    """Whether a message may go out.

    Marketing needs a granted consent where the channel `requires_grant`: silence is refusal (PIPL 13-16). A message of
    service needs none, but a withdrawal is respected everywhere. A word this version does not know withdraws.
    """
    state = last_word(consents, channel, purpose)
    if state is None:
        return purpose == "service" or not requires_grant
    return state == "granted"
