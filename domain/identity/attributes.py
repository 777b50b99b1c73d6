"""The attributes of a customer: words said at some time, folded in the order of business time.

The order of arrival decides nothing: whatever words there are, they are sorted by when they were said, at one instant
by their kind and then their value, and taken one after the other. So the same words give the same attributes.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Context, Decimal
from enum import IntEnum
from typing import Any, Final

import msgspec


class WordKind(IntEnum):
    """What a word does to an attribute; of words of one instant the smaller kind is taken first."""

    UNSET = 1  # there is none any more
    SET = 2  # this is the value
    ONCE = 3  # this is the value if there is none
    ADDED = 4  # these texts belong to the list
    INCREMENT = 5  # so much more


# A value that is said again is recorded at most so often.
CONFIRM_AFTER: Final = timedelta(days=1)
# Either makes forgotten what was said before.
_BASES: Final = frozenset({WordKind.UNSET, WordKind.SET})

# Digits enough for the sum of any two doubles: exact, so that the order of the addends does not show.
_EXACT: Final = Context(prec=700)


class Attribute(msgspec.Struct, frozen=True):
    """The value of an attribute, and when the last word that made it so was said."""

    value: Any
    occurred_at: datetime


class Word(msgspec.Struct, frozen=True):
    """A word about one attribute; `tie` orders words of one kind and instant, a greater one overrules."""

    kind: WordKind
    occurred_at: datetime
    value: Any
    tie: bytes

    @property
    def place(self) -> tuple[datetime, int, bytes]:
        """Where it stands among the words about its attribute."""
        return (self.occurred_at, self.kind, self.tie)


class Folded(msgspec.Struct, frozen=True):
    """What words come to: a value, the lists of texts added to it, and when the last word that counts was said.

    The parts stay apart because some may be sealed: `joined` puts them together once they are clear.
    """

    value: Any
    added: tuple[Any, ...]
    occurred_at: datetime


class _Absent:
    """There is no value."""


ABSENT: Final = _Absent()


def word(kind: WordKind, occurred_at: datetime, value: Any) -> Word:
    """Return a word whose tie is its value."""
    return Word(kind, occurred_at, value, msgspec.json.encode(value, order="deterministic"))


def fold(words: Iterable[Word], *, cleared_at: datetime | None = None) -> Folded | None:
    """Return what the words about one attribute come to, None if it has no value.

    `cleared_at` is when everything said up to then was forgotten. An increment counts on numbers only and begins with
    0, texts are added to lists only and begin with an empty one; on anything else neither has an effect.
    """
    folding = _Folding()
    for one in sorted(words, key=_place):
        if cleared_at is None or one.occurred_at > cleared_at:
            folding.take(one)
    return folding.result


def fold_over_time(words: Iterable[Word], cleared: Collection[datetime] = ()) -> list[tuple[datetime, Folded | None]]:
    """Return what the words about one attribute come to from each instant on at which one was said, in order.

    At the instants `cleared` everything said until then was forgotten.
    """
    folding = _Folding()
    found: list[tuple[datetime, Folded | None]] = []
    said = sorted(words, key=_place)
    instants = sorted({one.occurred_at for one in said} | {at for at in cleared if said and at >= said[0].occurred_at})
    last = 0
    for at in instants:
        while last < len(said) and said[last].occurred_at == at:
            folding.take(said[last])
            last += 1
        if at in cleared:
            folding = _Folding()
        found.append((at, folding.result))
    return found


def joined(folded: Folded) -> Any:
    """Return the value with the texts that were added: each once, in the order in which they were first said."""
    if not folded.added:
        return folded.value
    if folded.value is not ABSENT and not isinstance(folded.value, list):
        return folded.value
    texts = folded.value if isinstance(folded.value, list) else []
    return list(dict.fromkeys([*texts, *(text for added in folded.added for text in added)]))


class _Folding:
    def __init__(self) -> None:
        self.value: Any = ABSENT
        self.added: list[Any] = []
        self.occurred_at: datetime | None = None
        self._once_at: datetime | None = None

    @property
    def result(self) -> Folded | None:
        """What it comes to so far."""
        if self.occurred_at is None or (self.value is ABSENT and not self.added):
            return None
        return Folded(self.value, tuple(self.added), self.occurred_at)

    def take(self, said: Word) -> None:
        match said.kind:
            case WordKind.UNSET:
                self._become(ABSENT, said)
            case WordKind.SET:
                self._become(said.value, said)
            case WordKind.ONCE:
                if (self.value is ABSENT and not self.added) or self._once_at == said.occurred_at:
                    self._become(said.value, said)
                    self._once_at = said.occurred_at
            case WordKind.ADDED:
                if not isinstance(self.value, int | float | Decimal | str):
                    self.added.append(said.value)
                    self.occurred_at = said.occurred_at
            case WordKind.INCREMENT:
                self._increment(said)

    def _become(self, value: Any, said: Word) -> None:
        self.value, self.added, self.occurred_at, self._once_at = value, [], said.occurred_at, None

    def _increment(self, said: Word) -> None:
        if self.added:
            return
        before = 0 if self.value is ABSENT else self.value
        if isinstance(before, int | float | Decimal) and not isinstance(before, bool):
            self.value = _EXACT.add(Decimal(str(before)), Decimal(str(said.value)))
            self.occurred_at = said.occurred_at


def plain_number(value: Any) -> Any:
    """Return an exact sum as JSON has it: whole numbers stay whole."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


class Said(msgspec.Struct):
    """The words known about a customer that may still count, by attribute, and what they come to.

    Everything said until `cleared_at` is forgotten.
    """

    words: dict[str, list[Word]] = msgspec.field(default_factory=dict)
    attributes: dict[str, Attribute] = msgspec.field(default_factory=dict)
    cleared_at: datetime | None = None

    def base(self, key: str) -> Word | None:
        """Return the last word that makes forgotten what was said before it, if there is one."""
        bases = [one for one in self.words.get(key, ()) if one.kind in _BASES]
        return bases[-1] if bases else None

    def news(self, kind: WordKind, said: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        """Return those of the words, one an attribute, that can still change anything, whatever else arrives later."""
        return {key: value for key, value in said.items() if self.is_news(key, word(kind, at, value))}

    def described(self, said: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        """Return those of the values that are news: one that is repeated is written at most once a day.

        That is enough for "last word wins" to be right to the day; `news` is exact.
        """
        return {key: value for key, value in said.items() if not self._confirms(key, word(WordKind.SET, at, value))}

    def _confirms(self, key: str, said: Word) -> bool:
        base = self.base(key)
        if base is not None and base.kind is WordKind.SET and base.tie == said.tie:
            return said.occurred_at - base.occurred_at < CONFIRM_AFTER
        return not self.is_news(key, said)

    def is_news(self, key: str, said: Word) -> bool:
        """Tell whether the word can still change anything, whatever else arrives later."""
        if self.cleared_at is not None and said.occurred_at <= self.cleared_at:
            return False
        base = self.base(key)
        if base is not None and said.place <= base.place:
            return False
        return not any(_repeats(said, known) for known in self.words.get(key, ()))

    def take(self, kind: WordKind, said: Mapping[str, Any], at: datetime) -> None:
        """Take words, one an attribute."""
        for key, value in said.items():
            words = sorted([*self.words.get(key, ()), word(kind, at, value)], key=_place)
            last = max((index for index, one in enumerate(words) if one.kind in _BASES), default=0)
            self.words[key] = words[last:]
            self._fold(key)

    def clear(self, at: datetime) -> None:
        """Forget what was said until then."""
        self.cleared_at = at if self.cleared_at is None else max(at, self.cleared_at)
        for key, words in list(self.words.items()):
            self.words[key] = [one for one in words if one.occurred_at > self.cleared_at]
            self._fold(key)

    def _fold(self, key: str) -> None:
        folded = fold(self.words[key], cleared_at=self.cleared_at)
        if folded is None:
            self.attributes.pop(key, None)
        else:
            self.attributes[key] = Attribute(plain_number(joined(folded)), folded.occurred_at)


def _repeats(said: Word, known: Word) -> bool:
    if known.kind is not said.kind or known.occurred_at != said.occurred_at:
        return False
    return known.tie >= said.tie if said.kind is WordKind.ONCE else known.tie == said.tie


def _place(one: Word) -> tuple[datetime, int, bytes]:
    return one.place
