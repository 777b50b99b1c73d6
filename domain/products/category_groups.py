"""Groups of categories: what shops call in many ways, brought to one word that tags can ask about."""

import functools
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Final, Self

import msgspec

_REMEMBERED: Final = 65_536


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group as the file declares it; see the head of `category_groups.toml`."""

    zh: str
    en: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()
    broad: bool = False


class CategoryGroups:
    """All groups, in order: the first that fits a product is the one it is in."""

    def __init__(self, groups: Mapping[str, Group]) -> None:
        self.groups = groups
        self._narrow = _readers(groups, broad=False)
        self._broad = _readers(groups, broad=True)
        # A shop has far fewer kinds of goods than it sells things.
        self.of = functools.lru_cache(maxsize=_REMEMBERED)(self._of)

    @classmethod
    def load(cls) -> Self:
        """Return the groups that come with Koi: `category_groups.toml` beside this file."""
        text = resources.files(__package__).joinpath("category_groups.toml").read_text(encoding="utf-8")
        return cls(msgspec.convert(tomllib.loads(text), dict[str, Group]))

    def _of(
        self, category: str | None, subcategory: str | None, name: str | None, department: str | None
    ) -> str | None:
        """Return the key of the group of a product, None if it fits none."""
        texts = [text.casefold() for text in (category, subcategory, name, department) if text]
        for readers in (self._narrow, self._broad):
            for text in texts:
                for key, has, has_not in readers:
                    if has.search(text) and not (has_not and has_not.search(text)):
                        return key
        return None


@functools.cache
def declared() -> CategoryGroups:
    """Return the groups that come with Koi, read once."""
    return CategoryGroups.load()


def _readers(groups: Mapping[str, Group], *, broad: bool) -> list[tuple[str, re.Pattern[str], re.Pattern[str] | None]]:
    return [
        (key, _any_of(group.words), _any_of(group.unless) if group.unless else None)
        for key, group in groups.items()
        if group.broad is broad
    ]


def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds one of the words: those in Latin letters only as whole words."""
    return re.compile("|".join(_word(word.casefold()) for word in words))


def _word(word: str) -> str:
    escaped = re.escape(word)
    return rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if word.isascii() else escaped
