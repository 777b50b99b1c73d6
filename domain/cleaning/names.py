"""Names of people: in one width, without titles; a title is weak evidence of sex, a placeholder is no name."""

import functools
import re
from typing import Final

from domain.cleaning.reading import Reading
from domain.cleaning.rules import NameRules, Rules, Sex
from domain.cleaning.texts import even, without_gaps

_LETTER: Final = re.compile(r"[^\W\d_]")
_DIGITS: Final = re.compile(r"[\d\s_\-*#.]*\Z")
_EDGES: Final = " ,，、.。;；:：/|_-—*·'\""


def name(value: object, rules: Rules) -> Reading:
    """Return the name a person may be called by."""
    text = even(value)
    if text is None:
        return Reading.refused("name.no_text")
    bare, sex = _without_titles(without_gaps(text).strip(_EDGES), rules.name)
    if not bare:
        return Reading.nothing("name.blank", sex=sex)
    if _is_placeholder(bare, rules.name):
        return Reading.nothing("name.placeholder", sex=sex)
    if not _LETTER.search(bare):
        return Reading.refused("name.no_letters")
    if len(bare) > rules.name.longest:
        return Reading.refused("name.too_long")
    return Reading(rule="name.spelling" if sex is None else "name.title", value=bare, sex=sex)


def _without_titles(text: str, rules: NameRules) -> tuple[str, Sex | None]:
    """Return the name without titles before or behind it, and the sex they tell; titles of both tell none."""
    told: set[Sex] = set()
    titles = _titles(rules)
    found = True
    while found and text:
        found = False
        for title, sex in titles:
            bare = _without(text, title)
            if bare is not None:
                text, found = bare.strip(_EDGES), True
                if sex:
                    told.add(sex)
                break
    return text, told.pop() if len(told) == 1 else None


@functools.lru_cache(maxsize=8)
def _titles(rules: NameRules) -> tuple[tuple[str, Sex | None], ...]:
    titles: list[tuple[str, Sex | None]] = [(one, "male") for one in rules.male_titles]
    titles += [(one, "female") for one in rules.female_titles]
    titles += [(one, None) for one in rules.other_titles]
    return tuple(sorted(titles, key=lambda title: len(title[0]), reverse=True))


@functools.lru_cache(maxsize=8)
def _placeholders(rules: NameRules) -> frozenset[str]:
    return frozenset(one.casefold() for one in rules.placeholders)


def _without(text: str, title: str) -> str | None:
    if not title.isascii():
        return text.removesuffix(title) if text.endswith(title) else None
    # A Western title is a word of its own, before the name or behind it.
    lowered, word = text.casefold(), title.casefold()
    if lowered == word:
        return ""
    if lowered.startswith(word) and (word.endswith(".") or lowered[len(word)] in " ."):
        return text[len(word) :]
    return text[: -len(word)] if lowered.endswith(" " + word) else None


def _is_placeholder(text: str, rules: NameRules) -> bool:
    lowered = text.casefold()
    if lowered in _placeholders(rules):
        return True
    stems = (one.casefold() for one in rules.placeholder_stems)
    return any(lowered.startswith(stem) and _DIGITS.fullmatch(lowered[len(stem) :]) for stem in stems)
