"""Rules over what was said: tags of sources, consents, identifiers, segments, predictions; and fixed samples."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from domain.kernel.rules.history import History, Word
from domain.kernel.rules.parts.moment import Moment
from domain.kernel.rules.parts.part import RulePart, ValuePart, never, soonest
from domain.kernel.rules.parts.said import next_word, word_at
from domain.kernel.rules.tree import Consented, Identified, InSegment, Prediction, Sampled, Tagged

_Find = Callable[[History], Sequence[Word]]
_DIGITS: Final = 8
_PLACES: Final = 0x1_0000_0000  # so many numbers eight hexadecimal digits can write


def _said(find: _Find, value: str | bool) -> RulePart[Moment]:  # noqa: FBT001 - a word's value, no switch
    return RulePart(
        lambda moment: word_at(find(moment.person.history), moment.now) == value,
        lambda moment: next_word(find(moment.person.history), moment.now),
    )


def consented(node: Consented, _build: object) -> RulePart[Moment]:
    """The last word on the channel and purpose is this one."""
    key = (node.channel, node.purpose)
    return _said(lambda history: history.consents.get(key, ()), node.state)


def identified(node: Identified, _build: object) -> RulePart[Moment]:
    """An identifier of the type is known."""
    return _said(lambda history: history.identifiers.get(node.identifier, ()), value=True)


def in_segment(node: InSegment, _build: object) -> RulePart[Moment]:
    """The person stands in a segment that is a list; others are resolved to their rules before."""
    return _said(lambda history: history.segments.get(node.key, ()), value=True)


def prediction(node: Prediction, _build: object) -> ValuePart[Moment]:
    """Return what the last run said."""

    def find(moment: Moment) -> Sequence[Word]:
        return moment.person.history.predictions.get(node.model, ())

    return ValuePart(
        lambda moment: word_at(find(moment), moment.now), lambda moment: next_word(find(moment), moment.now)
    )


def tagged(node: Tagged, _build: object) -> RulePart[Moment]:
    """A source says so."""

    def find(moment: Moment) -> list[Sequence[Word]]:
        return [
            words
            for (source, key, value), words in moment.person.history.tags.items()
            if key == node.key and node.source in {None, source} and node.value in {None, value}
        ]

    return RulePart(
        lambda moment: any(word_at(words, moment.now) is True for words in find(moment)),
        lambda moment: soonest(next_word(words, moment.now) for words in find(moment)),
    )


def sampled(node: Sampled, _build: object) -> RulePart[Moment]:
    """The person's place, which the salt gives her, is inside the share."""
    return RulePart(lambda moment: node.since <= share(node.salt, moment.person.history.profile_id) < node.until, never)


def share(salt: str, profile_id: str) -> float:
    """Return the place of a person from 0 to below 1, always the same for a salt."""
    digest = hashlib.md5(f"{salt}:{profile_id}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:_DIGITS], 16) / _PLACES
