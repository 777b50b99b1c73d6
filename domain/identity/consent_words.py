"""Words on consent: what a person said about a channel and a purpose, and what such a word weighs."""

from datetime import datetime
from enum import StrEnum

import msgspec


class ConsentState(StrEnum):
    """The two words a person can say about a channel and a purpose."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class ConsentWord(msgspec.Struct, frozen=True):
    """The last word on a channel and purpose, under which wording, and when it was said.

    One that is not proven, a grant that only a file tells of, counts as long as there is no other.
    """

    state: str
    occurred_at: datetime
    text_version: str
    is_proven: bool = True


class ToldConsent(msgspec.Struct, frozen=True, kw_only=True):
    """A word on consent as another system's list tells it; not timed, `occurred_at` is when the list was read."""

    channel: str
    purpose: str
    state: ConsentState
    text_version: str
    source: str
    occurred_at: datetime
    evidence: str = ""
    is_timed: bool = True

    @property
    def is_proven(self) -> bool:
        """Whether it weighs like a word to us: a grant needs evidence and a time for that, a withdrawal neither."""
        return self.state is ConsentState.WITHDRAWN or (bool(self.evidence) and self.is_timed)

    def is_news(self, known: ConsentWord) -> bool:
        """Whether it says more than the word known: a list goes on telling the same night for night."""
        if self.state == known.state and not self.is_timed:
            return False
        return (self.is_proven, self.occurred_at) > (known.is_proven, known.occurred_at)


def weighs_more(word: ConsentWord, known: ConsentWord) -> bool:
    """Whether the word takes the place of the one known: a proven one before others, then the later one."""
    return (word.is_proven, word.occurred_at) >= (known.is_proven, known.occurred_at)
