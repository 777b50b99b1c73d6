"""Words about tags: each source has its own, the last one counts, and several sources may say the same."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec


class Tag(msgspec.Struct, frozen=True):
    """A tag as it is recorded: its key in Koi's catalogue, its value ("" where it has none), its source's own name."""

    key: str
    value: str = ""
    name: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A tag as a source tells it; with `is_many` another value of it does not take this one's place."""

    tag: Tag
    is_many: bool = False


class TagList(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says of one customer at a time.

    `present` are tags the customer has, `absent` ones she has no more. A complete list takes the place of all that the
    source said before.
    """

    source: str
    occurred_at: datetime
    present: tuple[Told, ...] = ()
    absent: tuple[Tag, ...] = ()
    is_complete: bool = False
    evidence: str = ""


class _Place(NamedTuple):
    """Where a word is kept: two sources, or two values, are two words."""

    source: str
    key: str
    value: str


class _Word(NamedTuple):
    tag: Tag
    occurred_at: datetime
    is_present: bool


class TagWords:
    """All words about one customer's tags; absent ones too, so that an older list does not bring them back."""

    def __init__(self) -> None:
        self._words: dict[_Place, _Word] = {}

    def __eq__(self, other: object) -> bool:
        """Whether the words are the same."""
        return isinstance(other, TagWords) and self._words == other._words

    __hash__ = None  # type: ignore[assignment]  # it changes with every event

    @property
    def present(self) -> dict[str, tuple[Tag, ...]]:
        """The tags the customer has, by source."""
        found: dict[str, list[Tag]] = {}
        for place, word in sorted(self._words.items()):
            if word.is_present:
                found.setdefault(place.source, []).append(word.tag)
        return {source: tuple(tags) for source, tags in found.items()}

    def changed_by(self, told: TagList) -> tuple[tuple[Tag, ...], tuple[Tag, ...]]:
        """Return the tags that the list makes present, and those it makes absent; words older than ours change none."""
        listed = {_Place(told.source, one.tag.key, one.tag.value): one for one in told.present}
        present = {
            place: one.tag
            for place, one in listed.items()
            if self._may_change(place, told.occurred_at) and not self._is_present(place)
        }
        gone = {_Place(told.source, tag.key, tag.value) for tag in told.absent}
        gone |= {place for place in self._of(told.source) if place not in listed} if told.is_complete else set()
        for place, one in listed.items():
            if not one.is_many:
                gone |= {other for other in self._of(told.source) if other.key == place.key and other not in listed}
        absent = {
            place: self._words[place].tag
            for place in gone - listed.keys()
            if self._may_change(place, told.occurred_at) and self._is_present(place)
        }
        return _ordered(present), _ordered(absent)

    def take(self, source: str, tags: Iterable[Tag], occurred_at: datetime, *, is_present: bool) -> None:
        """Take what was recorded, as it was recorded."""
        for tag in tags:
            self._words[_Place(source, tag.key, tag.value)] = _Word(tag, occurred_at, is_present)

    def forget(self) -> None:
        """Forget all of it."""
        self._words.clear()

    def _of(self, source: str) -> list[_Place]:
        return [place for place in self._words if place.source == source]

    def _is_present(self, place: _Place) -> bool:
        return place in self._words and self._words[place].is_present

    def _may_change(self, place: _Place, at: datetime) -> bool:
        return place not in self._words or self._words[place].occurred_at <= at


def _ordered(tags: dict[_Place, Tag]) -> tuple[Tag, ...]:
    return tuple(tag for _, tag in sorted(tags.items()))
