"""What was said of a person, as words in the order of time: the last one up to a moment counts."""

from collections.abc import Sequence
from datetime import datetime

from domain.kernel.rules.history import Word
from domain.kernel.rules.kinds import Known


def word_at(words: Sequence[Word], now: datetime) -> Known:
    """Return what is said at an instant; None: nothing."""
    for word in reversed(words):
        if word.since <= now:
            return word.value
    return None


def next_word(words: Sequence[Word], now: datetime) -> datetime | None:
    """Return when something else is said, if that is known already."""
    coming: datetime | None = None
    for word in reversed(words):
        if word.since <= now:
            break
        coming = word.since
    return coming
